/** Names of branches and tags: no `/`, and none that a version id, a number or `latest` would be. */
export const REF_NAME =
  /^(?!latest$)(?!\d+$)(?![0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
