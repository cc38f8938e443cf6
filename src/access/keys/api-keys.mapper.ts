import type { ApiKeyView } from './api-keys.service.js';
import type { ApiKeyDto, NewApiKeyDto } from './dto/api-key.dto.js';

export const toApiKeyDto = (key: ApiKeyView): ApiKeyDto => ({
  id: key.id,
  userId: key.userId,
  name: key.name,
  hint: key.hint,
  scopes: key.scopes,
  isBootstrap: key.isBootstrap,
  expiresAt: key.expiresAt,
  revokedAt: key.revokedAt,
  lastUsedAt: key.lastUsedAt,
  createdAt: key.createdAt,
});

/** @param key what was made, or `null` where it is not shown any more */
export const toNewApiKeyDto = (view: ApiKeyView, key: string | null): NewApiKeyDto =>
  Object.assign(toApiKeyDto(view), { key });
