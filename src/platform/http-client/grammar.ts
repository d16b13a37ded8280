/** `tchar` (RFC 9110 §5.6.2). */
export const TOKEN_CHARACTER = "[!#$%&'*+\\-.^_`|~\\w]";
export const TOKEN = new RegExp(`^${TOKEN_CHARACTER}+$`);
