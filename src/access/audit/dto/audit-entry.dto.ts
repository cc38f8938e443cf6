import { ApiProperty } from '@nestjs/swagger';

/** A change that was made. */
export class AuditEntryDto {
  /** Later entries have higher ids, but for those of transactions that ran at the same time. */
  id: number;

  at: Date;

  /** The user that made it; `null`: the service itself. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  actorId: string | null;

  /**
   * The user's name then.
   * @example admin
   */
  @ApiProperty({ type: String, nullable: true })
  actorName: string | null;

  /** The API key that was shown; `null`: another credential. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  keyId: string | null;

  /** `X-Request-Id` of the request. */
  @ApiProperty({ type: String, nullable: true })
  requestId: string | null;

  /** @example file.upload */
  action: string;

  /**
   * What was changed; the chief thing first.
   * @example ["file:17"]
   */
  targets: string[];

  /** SHA-256, in hex, of the canonical JSON of what was there; `null`: nothing. */
  @ApiProperty({ type: String, nullable: true })
  beforeDigest: string | null;

  /** The same of what is there since. */
  @ApiProperty({ type: String, nullable: true })
  afterDigest: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { bytes: 48219 } })
  details: Record<string, unknown>;

  /** Its place in the chain; `null` until it is sealed, about a second later. */
  @ApiProperty({ type: Number, nullable: true })
  seq: number | null;

  /** Of this entry and the whole chain before it, in hex: whoever keeps it can tell later that neither was changed. */
  @ApiProperty({ type: String, nullable: true })
  hash: string | null;
}

export class AuditPageDto {
  items: AuditEntryDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
