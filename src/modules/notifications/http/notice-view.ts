import type { NoticeRow } from '../data/notices.repository.js';
import { languageAccepted } from '../templates/languages.js';
import type { NoticeDto } from './notices.dto.js';

export function toNotice({ id, kind, detail, createdAt, readAt }: NoticeRow, acceptLanguage: string | undefined): NoticeDto {
  return { id, kind, title: languageAccepted(acceptLanguage).messages[kind].subject, values: detail, createdAt, readAt };
}
