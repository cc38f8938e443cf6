import type { GrantDto } from './dto/grant.dto.js';
import type { Grant } from './grants.repository.js';

export const toGrantDto = ({ kind, granteeId, granteeName, ...grant }: Grant): GrantDto => ({
  id: grant.id,
  userId: kind === 'user' ? granteeId : null,
  groupId: kind === 'group' ? granteeId : null,
  name: granteeName,
  role: grant.role,
  grantedBy: grant.grantedBy,
  createdAt: grant.createdAt,
});
