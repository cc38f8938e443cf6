import type { GroupDto } from './dto/group.dto.js';
import type { MemberDto } from './dto/member.dto.js';
import type { GroupView } from './groups.service.js';
import type { MemberView } from './members.service.js';

export const toGroupDto = ({ id, name, description, createdAt }: GroupView): GroupDto => ({
  id,
  name,
  description,
  createdAt,
});

export const toMemberDto = ({ id, name, displayName, addedAt }: MemberView): MemberDto => ({
  id,
  name,
  displayName,
  addedAt,
});
