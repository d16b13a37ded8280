import { open } from 'node:fs/promises';

/** Until then a new name in the folder may be lost with the power. Windows has no such call, and opens no folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
