import { ApiProperty } from '@nestjs/swagger';

/** A resumable upload that is not over. */
export class UploadDto {
  /** @example 0192f3c4-7f7e-4b3e-9d0e-2f5b8a1c4d6e */
  id: string;

  /** Whose it is; admins of the installation see those of everybody. */
  ownerId: string;

  /** `partial`: a part, which becomes no file by itself; `final`: parts that are being put together. */
  @ApiProperty({ enum: ['file', 'partial', 'final'] })
  kind: string;

  /**
   * Bytes that are durable: the upload goes on from there.
   * @example 67108864
   */
  offset: number;

  /** Bytes of the whole; `null`: not known yet. */
  @ApiProperty({ type: Number, nullable: true })
  length: number | null;

  /** `Upload-Metadata`, as it was sent. */
  @ApiProperty({ type: String, nullable: true, example: 'filename ZGF0YS5jc3Y=' })
  metadata: string | null;

  createdAt: Date;

  /** When it is given up, unless more bytes come. */
  expiresAt: Date;
}

export class UploadPageDto {
  items: UploadDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
