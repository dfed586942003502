import { signWebhook, verifyWebhook } from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";

/** The example of the specification's libraries. */
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY = '{"test": 2432232314}';
const AT = 1_614_265_330;
const HEADERS = {
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: String(AT),
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const OTHER = `whsec_${Buffer.from("another secret of 32 characters!").toString("base64")}`;

describe("H72 a signature", () => {
  it("is the one of the specification", () => {
    expect(signWebhook([SECRET], { id: HEADERS.id, timestamp: AT, body: BODY })).toBe(HEADERS.signature);
    expect(verifyWebhook([SECRET], HEADERS, BODY, AT)).toBe(true);
    expect(verifyWebhook([SECRET.slice("whsec_".length)], HEADERS, BODY, AT)).toBe(true);
  });

  it("holds for this body, id and time, and five minutes long", () => {
    const refused = (change: Partial<typeof HEADERS>, body = BODY, now = AT) =>
      expect(verifyWebhook([SECRET], { ...HEADERS, ...change }, body, now)).toBe(false);
    refused({}, `${BODY} `);
    refused({ id: "msg_other" });
    refused({ timestamp: String(AT + 1) });
    refused({ timestamp: "NaN" });
    refused({ timestamp: `${AT}.0` });
    refused({ signature: "" });
    refused({ signature: HEADERS.signature.replace("v1", "v2") });
    refused({ signature: HEADERS.signature.replace("g0h", "h0g") });
    refused({ signature: "v1" });
    refused({}, BODY, AT + 301);
    refused({}, BODY, AT - 301);
    expect(verifyWebhook([SECRET], HEADERS, BODY, AT + 300)).toBe(true);
    expect(verifyWebhook([OTHER], HEADERS, BODY, AT)).toBe(false);
    expect(verifyWebhook([], HEADERS, BODY, AT)).toBe(false);
  });

  it("is taken by the old and the new secret while they change, in any order and among unknown versions", () => {
    const message = { id: "msg_1", timestamp: AT, body: "{}" };
    const both = signWebhook([OTHER, SECRET], message);
    const headers = { id: "msg_1", timestamp: String(AT), signature: both };
    for (const secret of [OTHER, SECRET]) expect(verifyWebhook([secret], headers, "{}", AT)).toBe(true);
    const mixed = `v9,AAAA ${both.split(" ").reverse().join(" ")} v1a,BBBB`;
    expect(verifyWebhook([SECRET], { ...headers, signature: mixed }, "{}", AT)).toBe(true);
    expect(
      verifyWebhook([OTHER, SECRET], { ...headers, signature: signWebhook([SECRET], message) }, "{}", AT),
    ).toBe(true);
  });
});
