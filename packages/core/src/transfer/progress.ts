/** How far an import has come, and how fast. */
export interface ImportPace {
  /** 0 to 100 of the bytes of the file; null where its size is not known. */
  readonly percent: number | null;
  /** Since it began, or was last resumed; null before the first batch. */
  readonly rowsPerSecond: number | null;
  /** Null where it cannot be told. */
  readonly remainingSeconds: number | null;
}

interface Paced {
  /** Bytes that are read, and all of them. */
  readonly bytesRead: number;
  readonly bytesTotal: number | null;
  /** Milliseconds since it began or was resumed, and what was done since. */
  readonly elapsed: number;
  readonly rows: number;
  readonly bytes: number;
  readonly isOver: boolean;
}

export function paceOf({ bytesRead, bytesTotal, elapsed, rows, bytes, isOver }: Paced): ImportPace {
  const known = bytesTotal !== null && bytesTotal > 0;
  const percent = isOver ? 100 : known ? Math.min(99, Math.floor((bytesRead / bytesTotal) * 100)) : null;
  const rowsPerSecond = elapsed > 0 && rows > 0 ? Math.round((rows / elapsed) * 1000) : null;
  const left =
    known && bytes > 0 && elapsed > 0
      ? Math.ceil(((bytesTotal - bytesRead) / bytes) * (elapsed / 1000))
      : null;
  return { percent, rowsPerSecond, remainingSeconds: isOver ? 0 : left === null ? null : Math.max(0, left) };
}
