import { searchText } from "../util/normalize-text.js";

/** Legal forms as `companyKey` writes them: no full stops, single spaces. Longer ones of several words first. */
const FORMS = `
  gmbh and co kgaa|gmbh and co kg|gmbh und co kg|ag and co kg|ug haftungsbeschrankt and co kg|ug haftungsbeschrankt|s a de c v|sa de cv
  |sapi de cv|s de rl de cv|sp z o o|sp zoo|pty ltd|pty limited|pte ltd|pte limited|pvt ltd|private limited|sdn bhd|co ltd
  |company limited|co limited|and co|and company|incorporated|inc|corporation|corp|company|co|limited|ltd|llc|llp|lllp|lp|plc|pllc|pc
  |gmbh|ggmbh|mbh|aktiengesellschaft|ag|kgaa|kg|ohg|gbr|ug|ev|eg|ek|se|sa|sas|sasu|sarl|eurl|sci|snc|scs|srl|srls|spa|sapa|sl|slu
  |bv|bvba|nv|vof|cv|cvba|ab|hb|as|asa|ans|aps|is|ivs|oy|oyj|ky|kft|zrt|nyrt|bt|sro|as|spol sro|doo|dd|ad|eood|ood|sia|uab|ou|lda|ltda
  |eireli|epp|eirl|pty|pte|pvt|bhd|sdn|kk|gk|ooo|oao|zao|pao|ao|tov|jsc|pjsc|ojsc|fze|fzco|wll|sal
`
  .split("|")
  .map((form) => form.trim());
const TRAILING = new RegExp(`(?: (?:${FORMS.join("|")}))+$`);

/** East Asian forms have no space before them, and some stand in front. */
const EASTERN_END =
  /(?:股份有限公司|有限责任公司|有限責任公司|集团有限公司|集團有限公司|控股有限公司|有限公司|集团公司|集团|集團|公司|株式会社|有限会社|合同会社|주식회사)+$/;
const EASTERN_START = /^(?:株式会社|有限会社|合同会社|주식회사|\(주\)|\(株\))/;
/** A place or a branch in brackets. */
const PLACE = /\([^()]*\)/g;
const BRACKETS = /[()]/g;

/**
 * What the spellings of one company's name have in common: folded, without punctuation, legal form and leading article. To
 * compare by: the name itself is kept as it is.
 *
 * @example companyKey("The Acme Holding GmbH & Co. KG") // "acme holding"
 */
export function companyKey(value: string): string {
  const folded = searchText(value);
  // The head office and a place are told apart by nothing but the bracket: "Acme (Leeds) Ltd".
  const bare = folded.replace(PLACE, " ").trim() || folded;
  const eastern = bare.replace(EASTERN_START, "").replace(EASTERN_END, "").replace(BRACKETS, " ");
  const plain = (eastern.trim() || folded)
    .replace(/['’`´.]/g, "")
    .replace(/&|\+/g, " and ")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  // "Acme, The" as lists write it.
  const named = plain.replace(/^the (?=.)|(?<=.) the$/, "");
  // A company that is called by a legal form only is called that.
  return named.replace(TRAILING, "") || named;
}
