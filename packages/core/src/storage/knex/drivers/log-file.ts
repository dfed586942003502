import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";

/** The write-ahead log of a database file, opened beside SQLite to flush it. */
export class LogFile {
  private opened: Promise<FileHandle> | undefined;

  constructor(private readonly path: string) {}

  async flush(): Promise<void> {
    this.opened ??= this.open();
    await (await this.opened).datasync();
  }

  async close(): Promise<void> {
    await (await this.opened)?.close();
  }

  private async open(): Promise<FileHandle> {
    const log = await open(`${this.path}-wal`, "r+");
    // The name of a new file is durable when its directory is. Windows has no such thing.
    if (process.platform !== "win32") {
      const folder = await open(dirname(this.path), "r");
      await folder.sync();
      await folder.close();
    }
    return log;
  }
}
