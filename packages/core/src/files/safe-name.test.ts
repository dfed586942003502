import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { safeName } from "./safe-name.js";
import { safeType } from "./safe-type.js";

describe("a name of a file", () => {
  it.each([
    ["report.pdf", "report.pdf"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\ada\\offer 1.docx", "offer 1.docx"],
    ["报价单.pdf", "报价单.pdf"],
    [".htaccess", "htaccess"],
    ["a\u0000b\r\nc.txt", "abc.txt"],
    ["invoice\u202Efdp.exe", "invoicefdp.exe"],
    ["what? <b>|*.txt", "what_ _b___.txt"],
    ["..", "file"],
    ["", "file"],
    ["/", "file"],
    ["trailing. . ", "trailing"],
  ])("%j is %j", (given, safe) => expect(safeName(given)).toBe(safe));

  it("keeps its ending when it is cut", () => {
    const long = safeName(`${"x".repeat(4096)}.pdf`);
    expect([long.length, long.endsWith(".pdf")]).toEqual([200, true]);
  });

  it("is never a path, never empty, and safe a second time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (given) => {
        const name = safeName(given);
        expect(name.length).toBeGreaterThan(0);
        expect(name.length).toBeLessThanOrEqual(200);
        expect(name).not.toMatch(/[/\\:<>"|?*]|^\.|[. ]$/);
        expect(safeName(name)).toBe(name);
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});

describe("the type of a file", () => {
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  it.each([
    ["image/png", png, "image/png"],
    ["text/html", png, "image/png"],
    ["image/png", Buffer.from("<script>"), "application/octet-stream"],
    ["image/webp", Buffer.from("RIFF1234WEBPVP8 "), "image/webp"],
    ["application/pdf", Buffer.from("<html>"), "application/octet-stream"],
    ["TEXT/CSV; charset=utf-8", Buffer.from("a,b"), "text/csv"],
    ["text/html", Buffer.from("<html>"), "text/html"],
    ["x\r\nset-cookie: a=b", Buffer.from("x"), "application/octet-stream"],
    ["", Buffer.from(""), "application/octet-stream"],
    [null, Buffer.from("%PDF-1.7"), "application/pdf"],
    [
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      Buffer.from("PK\u0003\u0004"),
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ],
    ["image/jpeg", Buffer.from("PK\u0003\u0004"), "application/zip"],
    ["application/zip", Buffer.from("MZ"), "application/octet-stream"],
  ])("%j with its bytes is known", (declared, head, type) => expect(safeType(declared, head)).toBe(type));
});
