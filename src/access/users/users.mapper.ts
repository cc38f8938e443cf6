import type { UserDto } from './dto/user.dto.js';
import type { UserView } from './users.service.js';

export const toUserDto = (user: UserView): UserDto => ({
  id: user.id,
  name: user.name,
  displayName: user.displayName,
  isAdmin: user.isAdmin,
  disabled: user.disabledAt !== null,
  quotaBytes: user.quotaBytes,
  issuer: user.issuer,
  createdAt: user.createdAt,
});
