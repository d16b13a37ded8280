import type { Language } from './wording.js';

const NOT_YOU = '如果不是您本人操作，请立即处理：{service} 无法区分您和持有您登录凭据的人。';

export const SIMPLIFIED_CHINESE: Language = {
  tag: 'zh-Hans',
  greeting: '您好：',
  linkBelow: '或打开以下地址：',
  footer: '本邮件由 {service} 发送，与您的账户或使用您邮箱地址的操作有关。请勿回复，回复不会有人查看。',
  unsubscribe: '不再接收此类邮件',
  unsubscribePage: {
    ask: '不再接收此类邮件？',
    button: '退订',
    done: '已完成。您将不再收到此类邮件。',
  },
  terms: {
    owner: '所有者',
    admin: '管理员',
    billing: '账务',
    developer: '开发者',
    viewer: '查看者',
    privacy_officer: '隐私专员',
    totp_added: '已添加身份验证器应用',
    totp_removed: '已移除身份验证器应用',
    webauthn_added: '已添加安全密钥或通行密钥',
    webauthn_removed: '已移除安全密钥或通行密钥',
    recovery_codes_replaced: '已生成新的恢复代码',
    recovery_code_used: '已使用一个恢复代码',
    webauthn_suspended: '一个安全密钥已被停用，因为它的计数器发生了倒退，这是密钥被复制的迹象',
    codes_guessed: '在通过第一步验证后，有人多次输入了错误的验证码',
    reset: '已移除所有第二验证因素',
    password: '密码',
    email_link: '邮件链接',
    oidc: '其他身份提供方',
    saml: '您的组织',
    webauthn: '通行密钥',
    new_country: '在新的国家或地区被使用',
    burst: '使用频率突然远高于平时',
    spend: '花费远高于平时',
    abuse: '违反服务条款',
    minor: '据称账户所有者未达到年龄要求',
    security: '为保护其安全',
    operator: '由运营方决定',
    customer_request: '应您组织的请求',
    incident: '事件处理',
    security_review: '安全审查',
    billing_dispute: '账单争议',
    legal_request: '法律要求',
    data_subject_request: '个人就其自身数据提出的请求',
  },
  messages: {
    sign_in_link: {
      subject: '您的登录链接',
      paragraphs: [
        '请在您提出请求的浏览器中打开此链接。',
        { action: '登录' },
        '链接仅可使用一次，有效期 {minutes}。如果不是您请求的，请忽略：没有此链接，任何人都无法登录。',
      ],
    },
    confirm_email: {
      subject: '请确认您的邮箱地址',
      paragraphs: ['有人（希望是您）在 {service} 使用了此邮箱地址。', { action: '确认地址' }, '链接有效期 {hours}。如果不是您，请忽略。'],
    },
    email_change_requested: {
      subject: '您的邮箱地址即将更改',
      paragraphs: [
        '已登录您账户的人请求将此地址替换为另一个地址。新地址确认后即会替换。',
        '如果不是您本人操作，请阻止：',
        { action: '保留此地址' },
      ],
    },
    email_change_confirm: {
      subject: '请确认您的新邮箱地址',
      paragraphs: ['此地址将成为 {service} 某个账户的新邮箱地址。', { action: '使用此地址' }, '链接有效期 {hours}。如果不是您，请忽略。'],
    },
    email_changed: {
      subject: '您的邮箱地址已更改',
      paragraphs: [
        '今后有关您账户的邮件将发送到另一个地址；这是发送到此地址的最后一封。',
        '如果不是您本人操作，请撤销：',
        { action: '撤销更改' },
      ],
    },
    account_recovery: {
      subject: '找回您的账户',
      paragraphs: [
        '有人（希望是您）无法登录账户。',
        { action: '找回账户' },
        '链接仅可使用一次，有效期 {minutes}。如果不是您，请忽略：您的账户不会有任何变化。',
      ],
    },
    sign_up_attempted: {
      subject: '您已有账户',
      paragraphs: [
        '有人想用此地址在 {service} 注册账户。该地址已有账户，因此没有新建任何内容。',
        '如果是您本人，请照常登录；如果无法登录，请恢复账户。',
        { action: '登录' },
        '如果不是您，则无需任何操作。',
      ],
    },
    password_changed: {
      subject: '您的密码已更改',
      paragraphs: ['您在 {service} 的账户密码已更改。', NOT_YOU, { action: '保护账户' }],
    },
    second_factor_changed: {
      subject: '您的第二验证因素已更改',
      paragraphs: ['您在 {service} 的账户第二验证因素已更改：{change}。', NOT_YOU, { action: '保护账户' }],
    },
    identity_linked: {
      subject: '您的账户新增了一种登录方式',
      paragraphs: ['现在可以通过“{provider}”登录您在 {service} 的账户。您可以在账户中取消关联。', NOT_YOU],
    },
    new_sign_in: {
      subject: '您的账户有新的登录',
      paragraphs: [
        '一台此前未使用过的设备登录了您在 {service} 的账户：{device}，{when}。',
        '地点：{place}。',
        '方式：{method}。',
        NOT_YOU,
        { action: '查看会话' },
      ],
    },
    invitation: {
      subject: '邀请',
      paragraphs: [
        '您受邀以{role}身份加入 {service} 的组织“{organisation}”。',
        '邀请人：{inviter}。',
        { action: '查看邀请' },
        '链接有效期 {days}。如果您不了解此事，请忽略。',
      ],
    },
    role_changed: {
      subject: '您的角色已更改',
      paragraphs: ['您在组织“{organisation}”中的角色现为：{role}。'],
    },
    member_removed: {
      subject: '您已不再属于某个组织',
      paragraphs: ['您已不再是组织“{organisation}”的成员。您在其中所做的工作仍归该组织。'],
    },
    ownership_offered: {
      subject: '有组织提议由您接管',
      paragraphs: [
        '{service} 上组织“{organisation}”的一位所有者希望将所有权转让给您。',
        '请登录以接受或拒绝。该提议有效期 {days}；如果您不作任何操作，则不会有任何变化。',
      ],
    },
    ownership_transferred: {
      subject: '组织已有新的所有者',
      paragraphs: ['组织“{organisation}”的所有权已转移。'],
    },
    break_glass_opened: {
      subject: '运营方已开启对您组织的访问',
      paragraphs: [
        '{service} 的工作人员已开启对组织“{organisation}”的访问。访问将自动结束：{until}。',
        '原因：{reason}。',
        '期间的所有操作都记录在您的审计日志中。',
      ],
    },
    key_blocked: {
      subject: '一个 API 密钥已被停用',
      paragraphs: [
        '组织“{organisation}”的 API 密钥“{key}”已被停用：{reason}。',
        '所有者或管理员可以恢复它。如果密钥可能已泄露，请改为更换。',
      ],
    },
    key_suspected: {
      subject: 'API 密钥使用异常',
      paragraphs: ['组织“{organisation}”的 API 密钥“{key}”使用异常：{reason}。', '该密钥仍然有效。如果并非贵方所为，请撤销或更换它。'],
    },
    budget_threshold_crossed: {
      subject: '预算已超过提醒阈值',
      paragraphs: ['组织“{organisation}”的一项预算已超过其限额的 {percent}%。'],
    },
    account_blocked: {
      subject: '您的账户已被停用',
      paragraphs: ['您在 {service} 的账户已被停用：{reason}。任何人都无法登录，所有会话均已结束。'],
    },
    account_released: {
      subject: '您的账户已恢复',
      paragraphs: ['您在 {service} 的账户已恢复，可以登录。'],
    },
    webhook_disabled: {
      subject: '一个 Webhook 已被关闭',
      paragraphs: ['组织“{organisation}”的 Webhook {url} 已有一天未接收任何投递，现已关闭。', '请修复后重新启用，并重新投递错过的事件。'],
    },
    certificate_expiring: {
      subject: '身份提供方的证书即将到期',
      paragraphs: [
        '组织“{organisation}”的身份提供方“{provider}”的最后一个有效证书的到期时间为：{until}。',
        '请在提供方更换密钥之前添加新证书，否则任何人都无法通过它登录。',
      ],
    },
    domain_record_missing: {
      subject: '您的域名验证记录已消失',
      paragraphs: [
        '未找到证明“{domain}”属于组织“{organisation}”的 DNS 记录。',
        '请恢复该记录。否则该域名仅在 {until} 之前视为该组织所有。',
      ],
    },
    domain_lost: {
      subject: '您的域名需要重新验证',
      paragraphs: [
        '“{domain}”的 DNS 记录已消失多日，因此该域名不再视为组织“{organisation}”所有。',
        '其身份提供方不再允许该域名的人员登录，他们可以按其他方式登录。请恢复记录并重新验证域名。',
      ],
    },
    data_overdue: {
      subject: '有数据超过保留期限',
      paragraphs: [
        '{store} 中类别为 {dataClass} 的数据本应在 {hours} 小时前删除。在删除之前，{service} 的保留时间超出了承诺。',
        '请在工作进程的日志（“something is kept past its time”）和保留回执中查找原因。恢复正常后您会收到通知。',
      ],
    },
    data_overdue_ended: {
      subject: '数据不再超过保留期限',
      paragraphs: ['类别为 {dataClass} 的数据已不再超过保留期限。'],
    },
    product_news: { subject: '最新消息', paragraphs: ['{heading}', '{text}', { action: '继续阅读' }] },
  },
};
