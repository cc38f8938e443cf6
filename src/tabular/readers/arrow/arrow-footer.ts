import { Footer } from 'apache-arrow/fb/footer';
import type { Field } from 'apache-arrow/fb/field';
import { ByteBuffer } from 'flatbuffers';

/** Parts that a list tells of, each of which takes four bytes at least. */
function checkLength(length: number, bytes: number): number {
  if (length < 0 || length > bytes / 4)
    throw new RangeError(`a list of ${length} can not be in it`);
  return length;
}

/**
 * Refuses a footer that tells of more than its bytes can hold: the library would go through all of it.
 * @throws RangeError
 */
export function checkFooterLists(bytes: Uint8Array): void {
  const size = bytes.length;
  const footer = Footer.getRootAsFooter(new ByteBuffer(bytes));
  checkLength(footer.recordBatchesLength(), size);
  checkLength(footer.dictionariesLength(), size);
  checkLength(footer.customMetadataLength(), size);
  const schema = footer.schema();
  if (!schema) throw new RangeError('it has no schema');
  checkLength(schema.customMetadataLength(), size);
  let fields = 0;
  const check = (field: Field | null, depth: number): void => {
    // The same bytes may be the children of several fields.
    if (!field || ++fields > size || depth > 100)
      throw new RangeError('its schema can not be true');
    checkLength(field.customMetadataLength(), size);
    const children = checkLength(field.childrenLength(), size);
    for (let at = 0; at < children; at++) check(field.children(at), depth + 1);
  };
  const columns = checkLength(schema.fieldsLength(), size);
  for (let at = 0; at < columns; at++) check(schema.fields(at), 0);
}
