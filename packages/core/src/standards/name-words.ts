const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Written before a name, without their full stops. */
export const TITLES = words(`
  mr mrs ms miss mx mister madam madame dr doctor prof professor rev reverend hon honorable honourable rt right sir dame lady
  lord baron baroness count countess duke duchess earl king queen prince princess emperor pope cardinal archbishop bishop
  deacon elder father fr sister brother pastor rabbi imam sheikh sheik sultan sayyid coach captain capt lieutenant lt
  general gen colonel col major maj sergeant sgt corporal cpl private pvt admiral adm commander cmdr cdr commodore marshal
  ensign officer gov governor sen senator rep representative congressman congresswoman president vice chancellor minister
  premier ambassador secretary mayor judge justice magistrate magistrate-judge district attorney councillor councilor
  alderman chief chairman chairwoman speaker excellency majesty highness honor honour grace eminence holiness us u.s his her
  your herr frau hr fr. monsieur m mme mlle señor señora senor senora sra srta don doña dom signor signora sig dott
  dottssa avv ing dipl mag ir drs mevr dhr meneer mevrouw gospodin pan pani shri smt kumari haji tun datuk
  tan datin eng arch tech chef nurse
`);

/** After these a single word is a given name: "Queen Elizabeth", and not "Dr. Andrews". */
export const GIVEN_NAME_TITLES = words(
  "sir dame king queen prince princess pope sister brother father sheikh sheik sultan emperor don doña shri",
);

/** Written after a name, without their full stops. */
export const SUFFIXES = words(`
  jr junior sr senior jnr snr esq esquire phd md dds dvm dmd do jd llb llm lld ba bs bsc bcom beng ma ms msc msced mba meng med mfa mph
  mphil dphil edd psyd pharmd dc dnp np rn pa cpa cfa cfp clu lutc chfc cpm pmp pe qc kc mp msp mep mla cbe obe mbe kbe dbe
  om ch gbe frs frcp frcs mrcp facs ret usa usaf usn usmc uscg cissp ccna scjp shrm sphr phr cae ranger vet lac lcsw lmft
  lpc psc ret'd cpt dpt otr mds mbbs frcsc bds dr.h.c
`);
/** Generations: only where a family name is left without them, since they may be initials as well. */
export const NUMERALS = words("i ii iii iv v vi vii viii ix x 2nd 3rd 4th 5th");

/** Particles that begin a family name. */
export const PARTICLES = words(`
  abu al el bar ben bin bint ibn ap da das de degli dei del dela della delle delli dello den der di do dos du la le les lo los
  mac mc san santa st ste saint ter ten te tot van vande vander von vom zu zum zur zur' 't af av d' o'
`);

export const CONJUNCTIONS = words("and & et e of the und y en");

/** Chinese family names of two characters. */
export const COMPOUND_SURNAMES = words(`
  欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 司徒 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 钟离 鍾離 宇文 长孙 長孫 鲜于 鮮于
  闻人 聞人 夏侯 轩辕 軒轅 端木 南宫 南宮 百里 呼延 东郭 東郭 西门 西門 独孤 獨孤 澹台 公冶 赫连 赫連 完颜 完顏 纳兰 納蘭
`);
