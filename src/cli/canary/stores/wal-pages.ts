/** XLOG_BLCKSZ, SizeOfXLogLongPHD and SizeOfXLogShortPHD of PostgreSQL's `access/xlog_internal.h`, on 64-bit machines. */
const PAGE_BYTES = 8192;
const FIRST_HEADER_BYTES = 40;
const HEADER_BYTES = 24;

/** The records of a WAL file without the headers of its pages, which stand in the middle of whatever crosses from one page to the next. */
export function withoutPageHeaders(file: Buffer): Buffer {
  const bodies: Buffer[] = [];
  for (let page = 0; page < file.length; page += PAGE_BYTES) {
    bodies.push(file.subarray(page + (page === 0 ? FIRST_HEADER_BYTES : HEADER_BYTES), page + PAGE_BYTES));
  }
  return Buffer.concat(bodies);
}
