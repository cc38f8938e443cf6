import type { MeDto } from './dto/me.dto.js';
import type { Me } from './me.service.js';

export const toMeDto = ({ user, groups, key, expiresAt, permissions, usage }: Me): MeDto => ({
  user: {
    id: user.id,
    name: user.name,
    displayName: user.displayName,
    isAdmin: user.isAdmin,
  },
  groups: groups.map(({ id, name }) => ({ id, name })),
  key: key && {
    id: key.id,
    name: key.name,
    hint: key.hint,
    scopes: key.scopes,
    expiresAt: key.expiresAt,
  },
  expiresAt,
  permissions,
  quota: usage,
});
