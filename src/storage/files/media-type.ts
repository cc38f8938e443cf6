/**
 * A media type with parameters (RFC 9110 section 8.3.1), at most 255 characters: visible ASCII
 * only, since it becomes the Content-Type of downloads.
 */
export const MEDIA_TYPE =
  /^(?=.{1,255}$)[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *; *[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[ !#-[\]-~]*"))*$/;
