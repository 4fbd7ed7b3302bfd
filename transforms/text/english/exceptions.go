package english

import "strings"

// The word exceptions: chunks that are tokens of their own or split at fixed
// places, whatever the affix rules say. They are given here as families; every
// one with an apostrophe also exists with U+2019.

// contractions lists heads and the tails each of them takes, a tail being parts
// separated by blanks. A tail also exists without its apostrophes.
var contractions = []struct{ heads, tails string }{
	{"i", "'m|'m a"},
	{"i you he she it we they", "'ll|'ll 've|'d|'d 've"},
	{"i you we they", "'ve"},
	{"you we they", "'re"},
	{"he she it", "'s"},
	{"who what when where why how there that this", "'s"},
	{"who what when where why how there that this these those", "'ll|'ll 've|'d|'d 've"},
	{"who what when where why how there these those", "'re|'ve"},
	{"ca could do does did had may might must need ought sha should wo would", "n't|n't 've"},
	{"could might must should would", "'ve"},
	{"ai are is was were have has dare", "n't"},
}

// ordinaryWords are words a contraction without apostrophe would spell; they
// stay whole.
const ordinaryWords = "ill its hell shell shed were well whore"

// otherSplits lists irregular splits, in both cases where there is a letter.
const otherSplits = "y' all|y all|how 'd 'y|How 'd 'y|not 've|not ve|Not 've|Not ve|can not|Can not|" +
	"gon na|Gon na|got ta|Got ta|let 's|Let 's|c'm on|C'm on"

// clipped words and abbreviations, one token each.
const (
	clippedBoth  = "doin goin nothin nuthin ol somethin lovin havin" // with and without apostrophe, both cases
	clippedFront = "em ll nuff"                                      // with and without apostrophe in front
	wholeWords   = "'S 's \u2018S \u2018s and/or w/o 're 'Cause 'cause 'cos 'Cos 'coz 'Coz 'cuz 'Cuz 'bout " +
		"ma'am Ma'am o'clock O'clock 'd a.m. p.m. e.g. E.g. E.G. i.e. I.e. I.E. v.s. vs. Ph.D. " +
		"Adm. Bros. co. Co. Corp. Dr. Gen. Gov. Inc. Jr. Ltd. Messrs. Mr. Mrs. Ms. Mt. Prof. Rep. Rev. Sen. St. " +
		"Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec. " +
		"Ak. Ala. Ariz. Ark. Calif. Colo. Conn. D.C. Del. Fla. Ga. Ia. Id. Ill. Ind. Kan. Kans. Ky. La. Mass. Md. " +
		"Mich. Minn. Miss. Mo. Mont. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Okla. Ore. Pa. S.C. Tenn. Va. " +
		"Wash. Wis. " +
		"a. b. c. d. e. f. g. h. i. j. k. l. m. n. o. p. q. r. s. t. u. v. w. x. y. z. ä. ö. ü. " +
		"' '' \\\") <space> C++ \\t \\n \u2014"
	emoticons = `:) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; (-; ` +
		`:( :-( :(( :-(( :((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ =| :| :-| ]= =[ ` +
		`:1 :P :-P :p :-p :O :-O :o :-o :0 :-0 :() >:o :* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D ` +
		`xD XD xDD XDD 8D 8-D ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V ` +
		`o_o o_O O_o O_O 0_o o_0 0_0 o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3 ` +
		`(^_^) (-_-) (._.) (>_<) (*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>`
)

// exceptions returns every word exception with its parts.
func exceptions() map[string][]string {
	m := map[string][]string{}
	add := func(parts ...string) { m[strings.Join(parts, "")] = parts }
	for _, c := range contractions {
		for _, head := range strings.Fields(c.heads) {
			for _, tail := range strings.Split(c.tails, "|") {
				addContraction(add, head, tail)
				addContraction(add, title(head), tail)
			}
		}
	}
	for _, w := range strings.Fields(ordinaryWords) {
		delete(m, w)
		delete(m, title(w))
	}
	for _, s := range strings.Split(otherSplits, "|") {
		add(strings.Fields(s)...)
	}
	for _, w := range strings.Fields(clippedBoth) {
		for _, v := range []string{w, title(w)} {
			add(v)
			add(v + "'")
		}
	}
	for _, w := range strings.Fields(clippedFront) {
		add(w)
		add("'" + w)
	}
	for _, w := range strings.Fields(wholeWords + " " + emoticons) {
		add(w)
	}
	for _, unit := range "cfkCFK" {
		add("°", string(unit), ".")
	}
	addTimes(add)
	return withTypographic(m)
}

// addContraction adds head and the parts of tail, with and without apostrophes.
func addContraction(add func(...string), head, tail string) {
	add(append([]string{head}, strings.Fields(tail)...)...)
	add(append([]string{head}, strings.Fields(strings.ReplaceAll(tail, "'", ""))...)...)
}

// addTimes adds the twelve hours of the clock: 1am, 1a.m., 1pm, 1p.m.
func addTimes(add func(...string)) {
	for _, h := range strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12") {
		for _, half := range strings.Fields("am a.m. pm p.m.") {
			add(h, half)
		}
	}
}

// withTypographic adds the twins with U+2019 for the apostrophe.
func withTypographic(m map[string][]string) map[string][]string {
	all := make(map[string][]string, 2*len(m))
	for s, parts := range m {
		all[s] = parts
		if !strings.Contains(s, "'") {
			continue
		}
		twin := make([]string, len(parts))
		for i, p := range parts {
			twin[i] = strings.ReplaceAll(p, "'", "\u2019")
		}
		all[strings.ReplaceAll(s, "'", "\u2019")] = twin
	}
	return all
}

// title makes the first letter of an ASCII word a capital.
func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// units are cut off after an ASCII digit, as currencies are.
const units = "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph " +
	"hPa Pa mbar mb MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг м/с " +
	"км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ غرام جرام جم كغ " +
	"ملغ كوب اكواب " +
	"$ £ € ¥ ฿ US$ C$ A$ ₽ ﷼ ₴ ₠ ₡ ₢ ₣ ₤ ₥ ₦ ₧ ₨ ₩ ₪ ₫ ₭ ₮ ₯ ₰ ₱ ₲ ₳ ₵ ₶ ₷ ₸ ₹ ₺ ₻ ₼ ₾ ₿"

// maxUnit is the length of the longest unit in bytes.
const maxUnit = 10

var unitSet = func() map[string]bool {
	m := map[string]bool{}
	for _, u := range strings.Fields(units) {
		m[u] = true
	}
	return m
}()
