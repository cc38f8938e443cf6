export { PageQuery } from '../../core/http/page.query.js';
