import { rmSync } from 'node:fs';
import { quoteLiteral } from '../../../values/quote.js';
import { PLACES_FILE } from '../../engine.types.js';
import { placesOf } from '../patches/patched-relation.js';
import type { Session } from '../session.js';
import { withTable, type TablePart } from '../tables.js';

/** Writes at which rows of a content its patches are. @throws when it was described wrongly until now */
export async function places(session: Session, { part }: { part: TablePart }): Promise<null> {
  const { patches, description } = part;
  if (!patches || !description) throw new Error('Only patches over a known table have places.');
  const { descriptions } = await withTable(session, [part], false, async ({ columns }) => {
    const path = `${session.folder}/${PLACES_FILE}`;
    rmSync(path, { force: true });
    await session.database.run(
      `COPY (${placesOf(part.content, patches, columns)} ORDER BY place) TO ${quoteLiteral(path)}
       (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false)`,
    );
  });
  if (descriptions[0] !== description) throw new Error('The file is described anew.');
  return null;
}
