/**
 * Words that the commonest passwords are made of, as leaked lists have them. A password is refused when nothing but one
 * of them is left of it without digits and signs around it, or when it is a row of keys or one group repeated.
 */
const WORDS = new Set(
  `password passwort motdepasse contrasena senha parola wachtwoord qwerty qwertz azerty qwertyuiop asdfghjkl zxcvbnm
  iloveyou welcome willkommen letmein login admin administrator root user guest test testing demo default secret
  changeme master superman batman spiderman pokemon starwars football baseball basketball hockey soccer dragon monkey
  sunshine princess princesa shadow michael jennifer jessica ashley daniel charlie andrew thomas jordan robert matthew
  joshua anthony william nicole michelle amanda samantha hannah abigail chelsea liverpool arsenal barcelona juventus
  manchester ferrari mercedes porsche mustang corvette harley yamaha mercedesbenz whatever trustno freedom nothing
  computer internet samsung google facebook youtube microsoft windows android iphone apple banana orange cheese chocolate
  cookie coffee butterfly flower summer winter spring autumn sommer fruhling herbst january february march april june july
  august september october november december monday tuesday wednesday thursday friday saturday sunday hello helloworld
  hallo bonjour qazwsx qazwsxedc zaqwsx wsxedc abc abcabc abcd abcde abcdef abcdefg abcdefgh abcdefghi aaaaaa access
  account business company office corm crm sales customer salesforce database server system network security manager
  killer hunter ranger tigger buster jackson pepper ginger maggie silver golden diamond purple yellow lovely loveyou
  lovers iloveu forever family friends mother father brother sister babygirl angel angels heaven jesus christ blessed
  matrix phoenix eagle eagles cowboys lakers yankees steelers packers redsox patriots maverick merlin wizard magic
  naruto minecraft fortnite roblox warcraft callofduty zelda mario sonic hottie sexy fuckyou fuckoff asshole biteme
  pussy creative london paris berlin newyork america canada england germany deutschland france italia espana brasil india
  russia china schatz hase mausi ficken hallo123 teamo tequiero teamomucho estrella corazon alejandro carolina
  azertyuiop loulou doudou soleil chouchou nicolas marseille password password`.split(/\s+/),
);

const ROWS = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890",
  "qwertyuiop",
  "qwertzuiop",
  "azertyuiop",
  "asdfghjkl",
  "zxcvbnm",
  "1qaz2wsx3edc4rfv5tgb",
  "1q2w3e4r5t6y7u8i9o0p",
];
const LETTERS: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

/** Whether a password is one of those that are tried first. */
export function isCommonPassword(password: string): boolean {
  const text = password.normalize("NFKC").toLowerCase();
  const bare = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  const spelt = [...text].map((letter) => LETTERS[letter] ?? letter).join("");
  const speltBare = spelt.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  const speltStem = spelt.replace(/[^\p{L}]+$/u, "");
  const stem = [...text.replace(/[\d\W_]+$/u, "")].map((letter) => LETTERS[letter] ?? letter).join("");
  if ([bare, speltBare, speltStem, stem, spelt].some((word) => WORDS.has(word))) return true;
  return isRepeated(text) || isRow(text);
}

/** `aaaaaaaa`, `abcabcabc`, `12341234`. */
function isRepeated(text: string): boolean {
  for (let size = 1; size <= Math.min(4, text.length / 2); size++) {
    const group = text.slice(0, size);
    if (group.repeat(Math.ceil(text.length / size)).slice(0, text.length) === text) return true;
  }
  return false;
}

/** Made of at most two runs along a row of keys: `12345678`, `qwertyui`, `1q2w3e4r`, `abcd1234`. */
function isRow(text: string): boolean {
  let runs = 0;
  for (let at = 0; at < text.length; runs++) {
    const length = runAt(text, at);
    if (length < 3 && at + length < text.length) return false;
    at += length;
  }
  return runs <= 2;
}

function runAt(text: string, at: number): number {
  let longest = 1;
  for (const row of ROWS) {
    for (const keys of [row, [...row].reverse().join("")]) {
      let length = 1;
      while (at + length < text.length && keys.includes(text.slice(at, at + length + 1))) length++;
      longest = Math.max(longest, length);
    }
  }
  return longest;
}
