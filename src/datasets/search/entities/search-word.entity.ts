import { Entity, Index, PrimaryColumn } from 'typeorm';

/** A word that some dataset has had: where a misspelt word finds those that look like it. */
@Entity('search_words')
@Index('search_words_trigram_index', { synchronize: false })
export class SearchWord {
  @PrimaryColumn({
    type: 'varchar',
    length: 64,
    collation: 'C',
    name: 'word',
    primaryKeyConstraintName: 'search_words_pkey',
  })
  word: string;
}
