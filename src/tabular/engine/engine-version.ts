/**
 * Of what results depend on beside contents and parameters: the version of DuckDB, and ours of what
 * readers and tasks make of it, which is raised when they give something else. Results of other versions
 * are computed anew.
 */
export const ENGINE_VERSION = 'duckdb-1.5.6-r.1/1';
