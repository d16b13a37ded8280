/**
 * Prefixes by which providers make their tokens recognisable, from their public documentation. `minimum` is the least number of
 * characters after the prefix, below what is issued today: formats grow, and half a token is one too many. A `weak` prefix is one
 * that words begin with too, so what follows must look random.
 */
export interface TokenShape {
  readonly prefix: string;
  readonly minimum: number;
  readonly characters: 'word' | 'dotted' | 'any';
  readonly weak: boolean;
}

const of = (characters: TokenShape['characters'], minimum: number, prefixes: string, weak = false): TokenShape[] =>
  prefixes
    .trim()
    .split(/\s+/)
    .map((prefix) => ({ prefix, minimum, characters, weak }));

const weakly = (characters: TokenShape['characters'], minimum: number, prefixes: string): TokenShape[] =>
  of(characters, minimum, prefixes, true);

const MODELS = [
  ...of(
    'word',
    16,
    `sk-ant- sk-proj- sk-svcacct- sk-admin- sk-None- sk-or- sk-lf- pk-lf- sk-helicone- pk-helicone- sk-litellm- gsk_ csk- xai- pplx-
     hf_ api_org_ r8_ nvapi- fw_ fw- jina_ tvly- e2b_ vck_ pcsk_ tgp_v1_ llx- rpa_ lsv2_ ls__ wandb_v1_ flp_ zpka_ AIzaSy AIza GOCSPX- ABSK
     sk_car_ crsr_ sgp_ sgd_ slk_ sgamp_ sk-aihubmix- bb_live_ sec_live_ m0- hyp_ nbx_ dsk_ gcore_ lepton_ dashsk_ sk_groq_ ak_inference_
     esecret_ dtn_ ctx7sk- mxb_ tpuf_ sk-bf- nk-live- up_live_ aai_live_ BSA`,
  ),
  ...of('dotted', 16, 'VF.DM. VF.WS. ya29. ya29.a0 AQ.Ab v1.Cm bedrock-api-key-'),
  ...of('word', 20, 'rf_ luma- cpk_ psk- glama_ rqsty-sk- mint_dsc_ smth_ rplt_ apk_user_ gg_pat_ wiz_ kinde_'),
  ...of('word', 30, '1//0 1//'),
  ...weakly('word', 16, 'sk- sk_ pk- pk_ rk_ rk- pa- key_ key- ak- ak_ as- rc_ ste-'),
];

const CODE = [
  ...of(
    'word',
    16,
    `ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- glsoat- gloas- glffct- glwt-
     GR1348941 ATBB ATCTT3 ATATT3 ATSTT3 BBDC- CCIPAT_ CCIPRJ_ bkua_ bkat_ bkct_ dckr_pat_ dckr_oat_ npm_ pypi- rubygems_ CLOJARS_ oy2 packagist_
     sqp_ squ_ sqa_ sqco_ snyk_uat snyk_sat sntrys_ sntryu_ web_ ss_auto_ PMAK- PMAT- rdme_ rdme_live_ pul- ops_ A3- ptr_ pnu_ pnb_
     codecov_ cio_ JFrog_ AKC cmVmdGtuOj cmVmd st.ey dt0s01. ico- spu- NF- endr_ ddp_ ddw_ ddo_ figp_ figb_ thog-secret- nfp_ nfc_ nfo_ nfu_ nfb_
     sdk- mob- sm_aat_ sm_pat_ sm_sat_ dbtc_ dbtu_ dbts_ xaat- xapt- xait- hcaik_ hcxik_ airbyte_ tr_dev_ tr_prod_ tr_pat_ retool_ figd_ figo_ figu_
     depot_project_ depot_org_ depot_user_ jsrp_ jsrd_ n8n_api_ vat_ AIK_ sktsec_ scp-live- sntrya_ sntryi_ ceb_ RWRTY0Iy fhb- agp_ wpat_ whsk_
     olp_ pts_ plainApiKey_ waka_ ovsxat_ ciot_ SWMTKN-1- SWMKEY-1- bjt_ gitpod_pat_ cnvca cnvcs zplt_ ucat_ akab- WPL_AP1. pina_ y0_ y0__ prtapi_ unkey_ vtwn_`,
  ),
  ...of('dotted', 20, 'act. ser. IST. hcp. WPL_AP1. amzn.mws. amzn1.oa2-cs.v1. cpk_ hawk.'),
  ...of(
    'dotted',
    16,
    'hvs. hvb. hvr. dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit. dt0c01. dt0s02. dt0s04. dt0s06. dt0s08. dt0s16. pat. sat. st.prod. akp- tkn.v1_',
  ),
];

const CLOUD = [
  ...of(
    'word',
    12,
    `dop_v1_ doo_v1_ dor_v1_ HRKU- rnd_ vcp_ vci_ vca_ vcr_ cfat_ cfut_ cfk_ cf_pat_ pscale_tkn_ pscale_pw_ pscale_oauth_ pscale_service_
     sbp_ sb_secret_ napi_ tskey- nbp_ glsa_ NRAK- NRAA- NRBR- NRJS- NRII- NRIQ- NRRA- NRSP- phx_ phs_ pgar_ rootly_ LTAI STS. AQVN AQVNx YCAJ YCM
     sha256~ da2- EAAA DO00 DO80 AKID salad_cloud_ tk-us- tk-eu- fm1a_ fm1r_ fm2_ fo1_ mdb_sa_sk_ dnkey- RGAPI- BBFF- BBUS- aio_ K00 tid_ tsec_
     dd_api_ ddapp_ incident_ SCW eyJrIjoi eyJhcGlfd glc_ fnA aivn_ upstash_ neon_ turso_ railway_ koyeb_ uk1- lin_api_ vlt_ ic_
     vercel_blob_rw_ vercel_ AVNS_ AKLT ALTAK- CCDB1_ AstraCS: mzp_ nhp_ xau_ edbt_ nbwt1_ standard_ prisma_ pris_ sec-c- cu_live_ ocid1.token`,
  ),
  ...of(
    'any',
    16,
    'essu_ configcat-sdk-1/ configcat-sdk- glc_ fm2_ fm1a_ fm1r_ fo1_ sha256~ t1. AQVN ptr_ hvs. sntrys_ lsv2_ tkn.v1_ pypi- EAAC v1.0- dG9rO bce-v3/ALTAK-',
  ),
  ...of('dotted', 20, 'pscale_tkn_ pscale_pw_ pscale_oauth_ sc_ ext_ acc_ atlasv1.'),
];

const MONEY = [
  ...of(
    'word',
    12,
    `sk_live_ sk_test_ sk_prod_ sk_sandbox_ rk_live_ rk_test_ rk_prod_ ak_live_ ak_test_ whsec_ ssk_ sq0atp- sq0csp- sq0idp-
     shpat_ shpca_ shppa_ shpss_ shptka_ shpua_ rzp_live_ rzp_test_ FLWSECK_TEST- FLWSECK- access-production- access-sandbox-
     access-development- pdl_live_ pdl_sdbx_ pdl_ntfset_ polar_oat_ polar_pat_ duffel_live_ duffel_test_ EZAK EZTK shippo_live_ shippo_test_
     secret-live- secret-test- ramp_sec_ bxt_ secret-token: rh-api- testsk_ sandbox_sk_ cko_ persona_ paymongo_ lsq_ gp_live_ moov_
     APP_USR- xnd_production_ xnd_development_ Mid-server- skey_live_ skey_test_ cfsk_ma_ sup_sk_ atsk_ sk_org_ live_sk_ test_sk_ cqt_ ckey_ alcht_ QN_`,
  ),
  ...of('any', 12, 'access_token$production$ access_token$sandbox$ endr+'),
  ...weakly('word', 16, 'live_ sandbox_ EAA IGQV IGAA'),
];

const MESSAGES_AND_OFFICE = [
  ...of(
    'word',
    14,
    `xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxc- xoxd- xoxe- xapp- xwfp- xkeysib- xsmtpsib- md- lin_oauth_ lin_wh_ ntn_ pat-na1- pat-eu1- pat-ap1-
     CFPAT- tfp_ shltm_ fio-u- bb_pr_ bb_ma_ jca_ jcaw_ apify_api_ apify_proxy_ AGE-SECRET-KEY-1 AGE-PLUGIN- s-s4t2ud- s-s4t2af- u-s4t2ud- nsec1
     xprv yprv zprv tprv ATTA ory_at_ ory_rt_ ory_pat_ ory_st_ signkey- dk_prod_ pk_prod_ secret_scan_ SGVsbG sbg- nylas_ nyk_v0_ nyk_ cal_live_ cal_ shr_
     attio_ loops_ novu_ onesignal_ os_v2_ vonage_ pst_ mb_live_ twl_ sip_ pat-na2- pat-eu2- kit_ edsk edesk ed25519_sk1 ed25519e_sk1 root_xsk1 addr_xsk1`,
  ),
  ...of(
    'dotted',
    12,
    'xoxe.xoxb- xoxe.xoxp- SG. sl. sl.u. mlsn. snyk_uat. snyk_sat. api_live. api_sandbox. api_live_ca. api_live_eu. api_live_us. p.eyJ mfa. secret_ vk1.a. EAACEdEose0cBA sk.eyJ pk.eyJ tk.eyJ ey.live ODI oauth:',
  ),
  ...weakly(
    'word',
    16,
    're_ api_ pat secret_ token_ tok_ apikey_ apikey- api-key- key_live_ key_test_ auth_ sec_ priv_ pat_ bot_ svc_ acct_key_ live- test-key- tk_ pk_ ak- app- cu_ pri_ rev_ atk_ utk_ cli_ agt_ sess_',
  ),
];

/** All of them. Some stand twice, with the characters of an older and a newer form. */
export const TOKEN_SHAPES: readonly TokenShape[] = [...MODELS, ...CODE, ...CLOUD, ...MONEY, ...MESSAGES_AND_OFFICE];

/** Tokens without a prefix that a structure gives away. Anchored (sticky), and every repetition bounded. */
export interface TokenPattern {
  /** What the search looks for; the pattern is tried at the beginning of the word it stands in, or where it stands itself. */
  readonly literal: string;
  readonly pattern: RegExp;
  readonly at: 'literal' | 'word';
}

const at = (literal: string, pattern: RegExp): TokenPattern => ({ literal, pattern, at: 'literal' });
const around = (literal: string, pattern: RegExp): TokenPattern => ({ literal, pattern, at: 'word' });

export const TOKEN_PATTERNS: readonly TokenPattern[] = [
  // RFC 7519, with RFC 7516's five parts: three or five, the first two of them JSON.
  at('eyJ', /eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{6,16000}(?:\.[A-Za-z0-9_-]{0,16000}){0,3}={0,2}/y),
  // The same once more in base64, as Kubernetes shows it.
  at('ZXlK', /ZXlK[A-Za-z0-9+/_-]{40,32000}={0,2}/y),
  ...['AKIA', 'ASIA', 'ABIA', 'ACCA', 'A3T'].map((prefix) =>
    // Amazon's own documents end theirs in a word that says so.
    at(prefix, new RegExp(`${prefix}[A-Z0-9]{${20 - prefix.length}}(?<!EXAMPLE)(?![A-Za-z0-9])`, 'y')),
  ),
  at('db-', /db-(?=[A-Za-z]*\d)(?=[a-z\d]*[A-Z])[A-Za-z0-9]{29}(?![A-Za-z0-9])/y),
  at('fc-', /fc-[0-9a-f]{32}(?![A-Za-z0-9])/y),
  at('SK', /SK[0-9a-fA-F]{32}(?![A-Za-z0-9])/y),
  // WooCommerce, Amazon, Omise, Confluent, tunnels of Cloudflare, Rancher.
  ...['ck_', 'cs_'].map((prefix) => at(prefix, new RegExp(`${prefix}[0-9a-f]{40}(?![A-Za-z0-9])`, 'y'))),
  ...['Atzr|', 'Atza|', 'Atc|'].map((prefix) => at(prefix, new RegExp(`${prefix.replace('|', '[|]')}[A-Za-z0-9+/_-]{40,2000}`, 'y'))),
  ...['skey_', 'skey_test_'].map((prefix) => at(prefix, new RegExp(`${prefix}[a-z0-9]{18,24}(?![A-Za-z0-9])`, 'y'))),
  at('cflt', /cflt[A-Za-z0-9+/]{56,64}/y),
  at('eyJhIjoi', /eyJhIjoi[A-Za-z0-9+/_-]{100,400}={0,2}/y),
  // Unleash and Convex: what they are for, and then the token.
  ...['production', 'development', 'staging', 'test', 'prod', 'dev'].map((stage) =>
    around(`:${stage}.`, new RegExp(`[\\w-]{0,40}:${stage}[.][0-9a-f]{50,70}(?![A-Za-z0-9])`, 'y')),
  ),
  ...['prod:', 'dev:', 'preview:'].map((stage) =>
    at(stage, new RegExp(`${stage}[a-z]{2,16}-[a-z]{2,16}-\\d{1,4}[|][A-Za-z0-9+/=]{40,400}`, 'y')),
  ),
  at('token-', /token-[a-z0-9]{5}:[a-z0-9]{54}(?![a-z0-9])/y),
  at('key-', /key-[0-9a-z]{32}(?![A-Za-z0-9])/y),
  at('FlyV1 ', /FlyV1 (?:fm\d[a-z]?_|fo1_)[A-Za-z0-9+/=,_-]{20,8000}/y),
  at('_secret_', /_secret_[A-Za-z0-9]{16,128}/y),
  at('_mmk', /_mmk(?![A-Za-z0-9])/y),
  at('/services/T', /\/services\/T[A-Z0-9]{6,16}\/B[A-Z0-9]{6,16}\/(?![xX]{8})[A-Za-z0-9]{16,64}/y),
  at('/api/webhooks/', /\/api\/webhooks\/\d{15,24}\/[A-Za-z0-9_-]{30,128}/y),
  at('/receiver/v1/http/', /\/receiver\/v1\/http\/[A-Za-z0-9+/_=-]{20,200}/y),
  at('SSWS ', /SSWS 00[A-Za-z0-9_-]{38,42}/y),
  at('st.', /st\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}/y),
  at('_|WARNING:', /_\|WARNING:[A-Za-z0-9.-]{1,120}\|_[A-Za-z0-9_-]{32,2048}/y),
  at('/hooks/', /\/hooks\/(?:[a-z0-9]{26}|[A-Za-z0-9]{17,24}\/[A-Za-z0-9]{40,70})(?![A-Za-z0-9])/y),
  at('/hooks/catch/', /\/hooks\/catch\/\d{4,12}\/[A-Za-z0-9]{5,32}/y),
  at('/webhookb2/', /\/webhookb2\/[A-Za-z0-9@-]{30,100}\/IncomingWebhook\/[0-9a-f]{20,64}\/[0-9a-f-]{30,64}(?:\/[A-Za-z0-9_-]{10,80})?/y),
  at('/workflows/', /\/workflows\/[0-9a-f]{32}\/triggers\/[^\s"'<>]{10,400}/y),
  at('loggly.com/inputs/', /loggly\.com\/inputs\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/y),
  // DingTalk signs with it; Salesforce renews by it.
  at('SEC', /SEC[0-9a-f]{64}(?![A-Za-z0-9])/y),
  at('5Aep861', /5Aep861[A-Za-z0-9._]{60,140}/y),
  // Blockfrost.
  ...['mainnet', 'preprod', 'preview'].map((net) =>
    at(net, new RegExp(`${net}(?=[A-Za-z]*\\d)(?=[a-z\\d]*[A-Z])[A-Za-z0-9]{32}(?![A-Za-z0-9])`, 'y')),
  ),
  at('.tines.com/webhook/', /\.tines\.com\/webhook\/[0-9a-f]{16,64}\/[0-9a-f]{16,64}/y),
  at('secret-token:', /secret-token:[A-Za-z0-9_.-]{8,200}/y),
  // Octopus Deploy. Pages of Notion end in 32 hexadecimal digits, whatever their title.
  at('API-', /API-(?![0-9A-F]{32}(?![A-Z0-9]))[A-Z0-9]{25,36}(?![A-Za-z0-9])/y),
  ...['dapi', 'dkea', 'dose'].map((prefix) => at(prefix, new RegExp(`${prefix}[0-9a-f]{32}(?:-\\d)?(?![A-Za-z0-9])`, 'y'))),
  at('A3-', /A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}/y),
  // Hashes of passwords: crypt(3), PHC strings, Django, LDAP. What stands in such a file can be guessed offline.
  at('$2', /\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}/y),
  at('$argon2', /\$argon2(?:id|i|d)\$[A-Za-z0-9+/=,$.-]{20,400}/y),
  ...['$1$', '$5$', '$6$', '$y$', '$7$', '$apr1$', '$pbkdf2', '$scrypt$'].map((prefix) =>
    // Files of Compose double each dollar.
    at(prefix, /\$[a-z0-9-]{1,16}\${1,2}(?:[A-Za-z0-9./=,+-]{1,64}\${1,2}){0,3}[A-Za-z0-9./+=]{20,200}/y),
  ),
  at('pbkdf2_sha', /pbkdf2_sha(?:1|256|512)\$\d{1,9}\$[A-Za-z0-9+/=]{4,64}\$[A-Za-z0-9+/=]{20,128}/y),
  at('{SSHA', /\{SSHA(?:256|512)?\}[A-Za-z0-9+/=]{20,128}/y),
  at('{SHA}', /\{SHA\}[A-Za-z0-9+/=]{20,64}/y),
  // Firebase, eBay, RapidAPI, Snowflake; what Django and Laravel make for a new project; PASETO.
  around(':APA91b', /[A-Za-z0-9_-]{6,40}:APA91b[A-Za-z0-9_-]{100,240}/y),
  at('1.1', /(?<=v\^)1\.1#[A-Za-z0-9^#+/=-]{40,4000}/y),
  ...['PRD-', 'SBX-'].map((prefix) => at(prefix, new RegExp(`${prefix}[0-9a-f]{12}(?:-[0-9a-f]{4}){4}(?![0-9a-f])`, 'y'))),
  around('jsn', /[0-9a-z]{10}msh[0-9a-z]{15}p1[0-9a-z]{6}jsn[0-9a-z]{12}(?![0-9a-z])/y),
  at('ver:', /ver:\d-hint:\d{1,20}-[A-Za-z0-9+/=_-]{40,400}/y),
  at('django-insecure-', /django-insecure-[^\s"'`<>\\]{20,100}/y),
  at('base64:', /base64:[A-Za-z0-9+/]{43}=(?![A-Za-z0-9=])/y),
  ...[1, 2, 3, 4].flatMap((version) =>
    ['local', 'public'].map((purpose) =>
      at(`v${version}.${purpose}.`, new RegExp(`v${version}[.]${purpose}[.][A-Za-z0-9_-]{40,8000}(?:[.][A-Za-z0-9_-]{4,2000})?`, 'y')),
    ),
  ),
  around(':AA', /(?:bot)?\d{6,12}:AA[A-Za-z0-9_-]{30,40}(?![A-Za-z0-9_-])/y),
  around('Q~', /[A-Za-z0-9_.~-]{3}\dQ~[A-Za-z0-9_.~-]{30,40}/y),
  ...['api', 'sdk', 'mob'].map((prefix) =>
    at(`${prefix}-`, new RegExp(`${prefix}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![A-Za-z0-9-])`, 'y')),
  ),
  at('xprv', /[xyzt]prv[1-9A-HJ-NP-Za-km-z]{100,112}/y),
  around('NRAL', /[0-9a-f]{36}NRAL(?![A-Za-z0-9])/y),
  around('-NRMA', /AA[0-9a-f]{40}-NRMA(?![A-Za-z0-9])/y),
  around('.atlasv1.', /[A-Za-z0-9]{12,16}\.atlasv1\.[A-Za-z0-9_=-]{50,90}/y),
  around('T3BlbkFJ', /[A-Za-z0-9_-]{10,120}/y),
  around('AzCa', /[A-Za-z0-9+/]{30,60}/y),
  around('ACRC', /[A-Za-z0-9+/]{30,60}/y),
  around('JQQJ99', /[A-Za-z0-9]{60,100}/y),
  // Keys of Azure's services hold a mark of the service near their end: of 64 bytes, of 39, of 32; of Functions, and of DevOps.
  ...['+ASt', '+AMC', '+ABa', 'ACDb', 'APIM'].map((mark) => around(mark, /[A-Za-z0-9+/]{76,90}={0,2}/y)),
  ...['AzSe', 'AZEG'].map((mark) => around(mark, new RegExp(`[A-Za-z0-9+/]{42,76}${mark}[A-Za-z0-9+/]{6,8}={0,2}(?![A-Za-z0-9])`, 'y'))),
  ...['+ASb', '+AEh', '+ARm'].map((mark) => around(mark, /[A-Za-z0-9+/]{40,48}={1,2}/y)),
  around('AzFu', /[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{4,6}={0,2}(?![A-Za-z0-9])/y),
  around('AIoTC', /[A-Za-z0-9+/]{30,60}={0,2}/y),
];
