#!/usr/bin/env node
// Writes texts.jsonl: 200 texts, with the ids that the tokenizer's own makers give them. Needs npm's tokenizers@0.23.2 (the
// reference, in Rust) where node finds it, and the model's folder:
//   make-texts.mjs MODEL_FOLDER > texts.jsonl && make-vectors.py MODEL_FOLDER < texts.jsonl > vectors.f32
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { Tokenizer } = createRequire(join(process.cwd(), 'x.js'))('tokenizers');
const made = JSON.parse(readFileSync(join(process.argv[2], 'tokenizer.json'), 'utf8'));
// The model has 512 places; what its file says of 128 is a habit of its training.
Object.assign(made, { truncation: { max_length: 512, strategy: 'LongestFirst', stride: 0, direction: 'Right' }, padding: null });
const tokenizer = Tokenizer.fromString(JSON.stringify(made));

const texts = [];
const add = (...more) => texts.push(...more);

// Nothing, or hardly anything.
add(' ', '\n', '\t \r\n', '\u00a0\u2003', '\u200b', '\u200d\ufe0f', '\u0301', '\ufffd', '\u0007\u001b', '\u00ad', '.', '-', '...', 'a', 'I', '7');
// Plain English.
add(
    'Hello, world!',
    'The invoice from March has not been paid yet.',
    'How do I reset my password?',
    'I forgot the word that lets me in.',
    'Our office is closed on public holidays.',
    'Ship the parcel to the address on file; the customer is not at home before six.',
    "Don't worry: it's Mara's turn, isn't it?",
    'She sells seashells by the seashore.',
    'WHY ARE YOU SHOUTING AT ME',
    'mixedCase andCamelCase with snake_case and kebab-case',
    'The quick brown fox jumps over the lazy dog.',
    'Refunds are made within 14 days, to the card that was used.',
    'A meeting was moved from Tuesday, 3 March 2026 at 10:30 to Wednesday.',
    'Total: $1,234.56 (incl. 19% VAT), i.e. €1.150,00.',
    'e=mc^2; a<b && c>d || !e',
    'https://example.com/a/b?c=d&e=f#g is the address, mail@example.com the mailbox',
    'C:\\Users\\mara\\file.txt and /usr/local/bin/konstruct',
    'SELECT * FROM usage WHERE tenant_id = $1 ORDER BY created_at DESC;',
    '{"key": ["value", 1, true, null]}',
    '# Title\n\n- one\n- two\n\n```c\nint main(void) { return 0; }\n```',
    '1234567890 0x7fff 3.14159 1e-9 1,000,000',
    'antidisestablishmentarianism and floccinaucinihilipilification',
    'tokenization untokenizable supercalifragilisticexpialidocious',
    '[CLS] is a word of the model, and so are [SEP] and [MASK].',
    'A[SEP]B, [PAD], [UNK], but not [cls] nor [ CLS ]',
    'tab\there, vertical\u000btab and form\u000cfeed, next\u0085line, line\u2028separator',
    'soft\u00adhyphen zero\u200bwidth word\u2060joiner byte\ufefforder',
    '“Quotes”, ‘single’, «guillemets», „low“, ‹one›, 「corner」',
    'dash – en, — em, ‐ hyphen, ‑ no break, − minus, ~ tilde, ¯ macron',
    '¿Qué? ¡Olé! § 12 ¶ 3 † ‡ • … ‰ ′ ″',
    '™ ® © ℗ ℠ № ℡ ½ ¼ ⅓ ² ³ ¹ ₂ °C ‰ µm Ω',
    '← ↑ → ↓ ⇒ ∀ ∃ ∈ ∑ √ ∞ ≈ ≠ ≤ ≥ ± × ÷',
    '£5 €6 ¥7 ₹8 ₽9 ¢1 ₿2 ₩3 ฿4',
    '`backticks` ^carets^ |pipes| ~tildes~ $dollars$ +plus+ <less> =equals=',
);
// Accents, in one character and in two; capitals of many writings.
add(
    'Ärger über süße Öle, groß geschrieben: GRÖSSE, ẞ',
    'Où est le garçon? À la forêt, là-bas, où il y a des cœurs brisés, ŒUVRE',
    'Señor Muñoz compró piñatas y jalapeños en Málaga',
    'São Paulo, coração, pão, avó, avô, maçã, ação',
    'Zażółć gęślą jaźń, Łódź, Kraków, ŹDŹBŁO',
    'Příliš žluťoučký kůň úpěl ďábelské ódy',
    'Árvíztűrő tükörfúrógép, ŐŰ',
    'Ştiinţă, învăţământ, Țară, Ș',
    'İstanbul, Iğdır, ışık, IŞIK, çöğüş',
    'Đặng Thị Ngọc Thịnh, Nguyễn Phú Trọng, tiếng Việt',
    'Þórður Æsir Øystein Ångström Håkon smørrebrød',
    'ðæþœŋ ĐÆÞŒŊ',
    'Āboliņš, Čaks, Ģirts, Ķegums, Ļaudona, Ņikita, Šarlote, Ž',
    'e\u0301a\u0300o\u0302u\u0308n\u0303c\u0327 taken apart: Cafe\u0301 Mu\u0308nchen',
    'a\u0301\u0302\u0303\u0304\u0305 piled up z\u0351\u036b\u0343\u036a\u0302',
    'Ǆ ǅ ǆ Ǉ ǈ ǉ Ǌ ǋ ǌ Ǳ ǲ ǳ, ﬁne ﬂow oﬃce ﬆ',
    'ＦＵＬＬ width ｌｅｔｔｅｒｓ １２３ ！？',
    '𝐁𝐨𝐥𝐝 𝑖𝑡𝑎𝑙𝑖𝑐 𝕕𝕠𝕦𝕓𝕝𝕖 𝓈𝒸𝓇𝒾𝓅𝓉',
    'Ⅷ ⅷ Ⓐ ⓐ ① ⑳ ㈱ ㎏ ㍿',
    'Καλημέρα κόσμε, ΑΘΗΝΑ, ΟΔΟΣ, ὁ ἄνθρωπος, ᾳ ᾼ ῥ',
    'ΣΊΣΥΦΟΣ σίσυφος ς Σ',
    'Привет, мир! ЁЖИК, йод, ЙОД, Їжак, ґанок',
    'Здравствуйте, счёт за март ещё не оплачен.',
    'Ѣ ѣ Ѳ ѳ Ѵ Ԁ Ꙗ',
    'Ⴀ ა Ა საქართველო, Հայաստան ԵՎ և',
    'ⲀⲂⲄ ⰀⰁⰂ 𐐀𐐁 𞤀𞤁 Ꭰꭰ',
    'Ḁ Ṻ Ẓ ẘ ẙ ẚ ẛ Ạ ỹ Ỿ',
    'K Å Ω ℵ ⅅ (Kelvin, Angstrom, Ohm)',
    'ŉ ſ ǰ ΐ ΰ և ẖ ẗ',
);
// Other writings.
add(
    'مرحبا بالعالم، كيف حالك؟',
    'السَّلَامُ عَلَيْكُمْ وَرَحْمَةُ ٱللَّٰهِ',
    'שלום עולם, מה שלומך?',
    'בְּרֵאשִׁית בָּרָא אֱלֹהִים',
    'नमस्ते दुनिया, आप कैसे हैं?',
    'क़ ख़ ग़ ज़ ड़ ढ़ फ़ य़',
    'হ্যালো বিশ্ব, কো কৌ',
    'வணக்கம் உலகம், கொ கோ கௌ',
    'తెలుగు ಕನ್ನಡ ಕೊ മലയാളം കൊ',
    'สวัสดีชาวโลก วันนี้อากาศดี',
    'ສະບາຍດີ ຊາວໂລກ',
    'မင်္ဂလာပါ ကမ္ဘာလောက',
    'សួស្តី​ពិភពលោក',
    'བཀྲ་ཤིས་བདེ་ལེགས།',
    'ሰላም ልዑል',
    'ᏣᎳᎩ ᐃᓄᒃᑎᑐᑦ ᚠᚢᚦ',
    '안녕하세요 세계, 대한민국 만세! 가각갂힣',
    '\u1112\u1161\u11ab\u1100\u1173\u11af taken apart',
    'ㄱㄴㄷ ㅏㅑㅓ ﾡﾢ',
    'こんにちは世界。カタカナとひらがな、ガギグゲゴ、パピプペポ',
    'ｶﾞｷﾞ ﾊﾟﾋﾟ ー 々 〆 〇',
    'か\u3099き\u3099は\u309a',
    '请问三月份的发票付了吗?',
    '我忘记了密码,怎么重置?',
    '臺灣的繁體字:請問發票付了嗎?',
    '中文English混合text没有blank',
    '一二三四五六七八九十百千萬億',
    '\uf900\uf901\ufa0e\ufa10\ufa70 compatibility',
    '𠀀𠮷𪚥 𫝀 𫠝 𬺡 extension',
    '㐀㐁䶵 㞎',
    '日本語の請求書はまだ支払われていません。',
    'Москва 東京 서울 القاهرة Αθήνα in one line',
);
// Emoji and other signs.
add(
    '😀',
    'Great work 👍🏽 thank you 🙏🙏🙏',
    '👨‍👩‍👧‍👦 family 🏳️‍🌈 flag 🇩🇪🇫🇷 countries',
    '☀️ ☁ ☂ ❤️ ✔ ✗ ★ ☆ ♠ ♣',
    '1️⃣ 2️⃣ #️⃣ *️⃣',
    'no😀blank😀between',
    '🫠🫶🏿🪿 new ones',
    '┌─┐│└┘█▓▒░ ♪ ♫ ☎ ✉',
    '⠓⠑⠇⠇⠕ braille 𝄞 music 🀄 tiles 🂡 cards',
    '\ue000\uf8ff private, \u{e0001}\u{e0041} tags, \u{10ffff} the last',
    '\u0378 not given out, \u{1fbff} neither',
);
// Long words, around the bound of 100 characters.
for (const length of [98, 99, 100, 101, 102, 300]) add('a'.repeat(length), `x ${'ab'.repeat(150).slice(0, length)} y`);
add('é'.repeat(100), 'é'.repeat(101), '가'.repeat(33), '가'.repeat(40), 'あ'.repeat(101), '好'.repeat(120), '😀'.repeat(101), 'a\u0301'.repeat(100));
// Long texts, around the bounds of the model.
const words = 'the invoice was sent in march and nobody paid it because every letter went to an old address'.split(' ');
const sentence = (count, step) => Array.from({ length: count }, (_, i) => words[(i * step) % words.length]).join(' ');
for (const [count, step] of [[20, 1], [40, 3], [60, 5], [100, 7], [126, 1], [127, 3], [160, 5], [200, 7], [253, 1], [254, 3], [255, 5], [300, 7], [400, 1], [508, 3], [509, 5], [510, 7], [511, 1], [512, 3], [600, 5], [1000, 7]])
    add(sentence(count, step));
add(Array.from({ length: 90 }, (_, i) => `Größe ${i}: наверно 你好 😀,`).join(' '), '你好世界'.repeat(150), 'ünïcödé '.repeat(180), '!?'.repeat(300));
// Of like and unlike meaning, as people write.
const things = ['contract', 'holiday', 'laptop', 'salary', 'parking space', 'coffee machine', 'visa', 'training'];
const asks = ['Who is responsible for the', 'Wer kümmert sich um'];
for (const thing of things) for (const ask of asks) add(`${ask} ${thing}?`);
for (let i = 0; texts.length < 200; i++) add(`Ticket ${1000 + i * 37}: ${sentence(6 + i, i + 1)}.`);

if (texts.length !== 200 || new Set(texts).size !== 200) throw new Error(`${texts.length} texts, ${new Set(texts).size} of them different`);
for (const text of texts) console.log(JSON.stringify({ text, ids: (await tokenizer.encode(text)).getIds() }));
