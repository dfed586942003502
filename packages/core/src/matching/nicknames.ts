/** Given names and what their bearers are called, one name each line; from common use in English, German, French, Spanish. */
const NAMES = `
alexander alex sandy xander sascha aleksandr alejandro alexandre
alexandra alex sandra sandy sascha alessandra
alfred alf alfie fred
albert al bert bertie
andrew andy drew andreas andre andres
anthony tony anton antonio antoine
arthur art artie
barbara barb babs bobbie
benjamin ben benny benji
bernard bernie bernhard
catherine katherine kathryn katharina cathy kathy kate katie kat cate kitty catalina
charles charlie chuck chas karl carl carlos
charlotte lotte charlie lottie
christina christine chris tina chrissy christy kristina kristin
christopher chris kit topher christoph christophe cristobal
daniel dan danny
david dave davey
deborah debra deb debbie
dorothy dot dottie dolly dorothea
edward ed eddie ted ned eduard eduardo
eleanor ellie nell nora elinor
elizabeth elisabeth liz lizzie beth betty eliza betsy libby lisa elsa elise isabel
emily em emmy emilie
eugene gene
eva eve evie
florence flo flossie
frances fran fanny francesca franziska
francis frank fran franz francisco francois paco
frederick fred freddie friedrich fritz frederic federico
gabriel gabe
gabriella gabby gaby gabriele
george georgie georg jorge georges
gerald jerry gerry gerhard gerard
gregory greg gregor gregorio
harold harry hal harald
harriet hattie
helen nell ellen helena helene elena
henry harry hank hal heinrich henri enrique
herbert bert herb
isabella isabel bella izzy isabelle
jacob jake jakob jacques
james jim jimmy jamie jaime jem
janet jan
jeffrey jeff geoffrey geoff
jennifer jen jenny
jessica jess jessie
john jack johnny jon johann johannes hans juan jean ivan
jonathan jon jonny nathan
joseph joe joey josef jose pepe
joshua josh
judith judy
julia jules julie
kenneth ken kenny
lawrence laurence larry lars lorenz lorenzo laurent
leonard leo len lenny leonhard
louis lou louie ludwig luis lewis
margaret maggie meg peggy marge margie greta margarethe margarita rita marguerite
martha marty
martin marty martino
mary marie maria molly polly mia
matthew matt matty matthias mathieu mateo
maximilian max
megan meg
michael mike mick micky mikey michel miguel mischa
nancy nan anne
nathaniel nathan nat nate
nicholas nick nicky nico klaus nikolaus nicolas
nicole nicky nikki
oliver ollie olivier
pamela pam
patricia pat patty trish tricia
patrick pat paddy rick
peter pete pedro pierre piotr
philip phil phillip philipp felipe philippe
rachel rae
raymond ray
rebecca becky becca
richard rick rich dick ricky ricardo
robert bob rob bobby robbie bert roberto
ronald ron ronnie
rosemary rose rosie
rudolf rudi rudy rolf
samantha sam sammy
samuel sam sammy
sarah sally sara
sebastian seb bastian
simon si
stephanie steph steffi stefanie
stephen steven steve stefan stephan etienne esteban
susan sue susie susanna suzanne susanne
teresa theresa terry tess tessa therese
theodore ted teddy theo
thomas tom tommy tomas
timothy tim timmy
ursula uschi ulla
valerie val
victoria vicky tori vic
vincent vince vinny vincenzo vicente
virginia ginny
walter walt wally
wilhelm willi wim
william bill will billy willy liam guillermo guillaume
zachary zach zack
`;

let groups: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** The names that somebody of this name may go by, without it; the first of each line stands for all in blocking. */
function groupsOf(name: string): ReadonlySet<string> | undefined {
  groups ??= read();
  return groups.get(name);
}

function read(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of NAMES.trim().split("\n")) {
    const names = line.split(" ");
    for (const name of names) {
      const known = found.get(name) ?? new Set<string>();
      known.add(names[0] as string);
      found.set(name, known);
    }
  }
  return found;
}

/** Whether two given names, folded, may be one person's: "bob" and "robert". */
export function isNickname(a: string, b: string): boolean {
  const other = groupsOf(b);
  if (!other) return false;
  for (const group of groupsOf(a) ?? []) if (other.has(group)) return true;
  return false;
}

/** The full names that a name may stand for; itself where it stands for none. */
export function fullNames(name: string): readonly string[] {
  const found = groupsOf(name);
  return found ? [...found] : [name];
}
