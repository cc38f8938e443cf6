export * from './access.errors.js';
export * from './app.error.js';
export * from './database.errors.js';
export * from './http.errors.js';
export * from './storage.errors.js';
