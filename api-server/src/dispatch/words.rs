//! What people are told outside the console, in its languages.

mod money;

use datacrowd_notifications::{CloudEvent, EventType, Language};
use serde_json::Value;
use url::Url;

use self::money::amount;

/// A text before it has its links.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// The one line that is read first.
    pub(super) subject: String,
    /// What one may do about it; empty where the subject says all.
    more: &'static str,
    /// Where it is shown, below the platform's address.
    pub(super) page: String,
}

impl Text {
    /// What is said in a chat.
    pub(super) fn chat(&self, page: &Url) -> String {
        match self.more {
            "" => format!("{}.\n{page}", self.subject),
            more => format!("{}.\n{more}\n{page}", self.subject),
        }
    }

    /// The whole of an e-mail. The page asks for a session: the link is good for its recipient only.
    pub(super) fn email(&self, page: &Url, unsubscribe: &Url, language: Language) -> String {
        let end = match language {
            Language::En => {
                "You can change in your settings what you are told. No more e-mails like this one"
            }
            Language::Ru => {
                "В настройках можно выбрать, о чём вам сообщать. Больше не присылать таких писем"
            }
        };
        let more = match self.more {
            "" => String::new(),
            more => format!("{more}\n"),
        };
        format!(
            "{}.\n{more}\n{page}\n\n-- \n{end}:\n{unsubscribe}\n",
            self.subject
        )
    }
}

/// What is said of an event; none where nothing is.
pub(super) fn of(event: &CloudEvent, language: Language) -> Option<Text> {
    let kind = EventType::from_name(event.kind())?;
    let data = Said(event.data());
    let (en, ru, page) = match kind {
        EventType::ExportReady | EventType::ExportFailed | EventType::ExportExpired => {
            data.export(kind)
        }
        EventType::DatasetFailed | EventType::DatasetCompleted => data.dataset(kind),
        EventType::QuotaLow | EventType::QuotaExhausted => data.quota(kind),
        EventType::WebhookDisabled => data.webhook(),
        EventType::WorkerAdded
        | EventType::WorkerBlocked
        | EventType::WorkerQualified
        | EventType::WorkerDisqualified => worker(kind, data.text("action")),
        _ => data.payment(kind)?,
    };
    let (subject, more) = match language {
        Language::En => en,
        Language::Ru => ru,
    };
    Some(Text {
        subject,
        more,
        page,
    })
}

/// What is said, and what one may do about it, in each language; and the page.
type Words = ((String, &'static str), (String, &'static str), String);

struct Said<'a>(&'a Value);

impl Said<'_> {
    fn text(&self, member: &str) -> &str {
        self.0[member].as_str().unwrap_or_default()
    }

    fn number(&self, member: &str) -> i64 {
        self.0[member].as_i64().unwrap_or_default()
    }

    fn export(&self, kind: EventType) -> Words {
        let name = self.text("name");
        let rows = self.0["rows"].as_i64();
        let records = match rows {
            None => String::new(),
            Some(1) => ": 1 record".to_owned(),
            Some(rows) => format!(": {rows} records"),
        };
        let written = rows.map_or_else(String::new, |rows| format!(", записей: {rows}"));
        let (en, ru) = match kind {
            EventType::ExportReady => (
                (format!("Export {name} is ready{records}"), ""),
                (format!("Выгрузка {name} готова{written}"), ""),
            ),
            EventType::ExportFailed => (
                (
                    format!("Export {name} failed"),
                    "Its page says why, and what to do.",
                ),
                (
                    format!("Выгрузка {name} не удалась"),
                    "На её странице сказано, почему и что делать.",
                ),
            ),
            _ => (
                (
                    format!("The file of export {name} was removed"),
                    "Export again to download it.",
                ),
                (
                    format!("Файл выгрузки {name} удалён"),
                    "Чтобы скачать его, выгрузите данные снова.",
                ),
            ),
        };
        let page = format!("/app/client/projects/{}/exports", self.text("projectId"));
        (en, ru, page)
    }

    fn dataset(&self, kind: EventType) -> Words {
        let name = self.text("name");
        let (en, ru) = match kind {
            EventType::DatasetCompleted => (
                (
                    format!("Dataset {name} is completed"),
                    "Every task is approved or rejected.",
                ),
                (
                    format!("Набор данных {name} завершён"),
                    "Каждое задание принято или отклонено.",
                ),
            ),
            _ => (
                (
                    format!("No tasks could be made of dataset {name}"),
                    "Its page says why, and what to do.",
                ),
                (
                    format!("Из набора данных {name} не удалось сделать задания"),
                    "На его странице сказано, почему и что делать.",
                ),
            ),
        };
        let page = format!("/app/client/datasets/{}", self.text("datasetId"));
        (en, ru, page)
    }

    fn quota(&self, kind: EventType) -> Words {
        let name = self.text("name");
        let (en, ru) = match kind {
            EventType::QuotaLow => (
                format!("Project {name} has a tenth of its judgements left, or less"),
                format!("В проекте {name} осталась десятая часть оценок или меньше"),
            ),
            _ => (
                format!("Project {name} has spent every judgement that was paid for"),
                format!("В проекте {name} закончились оплаченные оценки"),
            ),
        };
        let page = format!("/app/client/projects/{}", self.text("projectId"));
        (
            (en, "More judgements let work go on."),
            (ru, "Чтобы работа продолжалась, нужны новые оценки."),
            page,
        )
    }

    fn webhook(&self) -> Words {
        // Paths and queries of webhooks are often secrets.
        let url = Url::parse(self.text("url")).ok();
        let url = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        (
            (
                format!("Nothing is sent to a webhook at {url} any more"),
                "Its page says why; once it answers again, enable it there.",
            ),
            (
                format!("На вебхук на {url} больше ничего не отправляется"),
                "На его странице сказано, почему; когда он снова отвечает, включите его там.",
            ),
            format!("/app/client/webhooks/{}", self.text("endpointId")),
        )
    }

    /// None where it is no payment.
    fn payment(&self, kind: EventType) -> Option<Words> {
        let money = |minor: i64| amount(minor, self.text("currency"));
        let paid = money(self.number("amountCents"));
        let back = money(self.number("refundedCents"));
        let (en, ru) = match kind {
            EventType::PaymentPaid => (
                (
                    format!("A payment of {paid} arrived"),
                    "The judgements are credited.",
                ),
                (format!("Платёж на {paid} получен"), "Оценки зачислены."),
            ),
            EventType::PaymentFailed => (
                (
                    format!("A payment of {paid} did not arrive"),
                    "Nothing was charged; you may pay again.",
                ),
                (
                    format!("Платёж на {paid} не прошёл"),
                    "Ничего не списано; можно заплатить снова.",
                ),
            ),
            EventType::PaymentRefunded => (
                (format!("{back} of a payment of {paid} went back"), ""),
                (format!("Возвращено {back} из платежа на {paid}"), ""),
            ),
            EventType::PaymentDisputed => (
                (
                    format!("The payer's bank holds a payment of {paid}"),
                    "What it paid for waits until the bank has decided.",
                ),
                (
                    format!("Банк плательщика удерживает платёж на {paid}"),
                    "Оплаченное ждёт решения банка.",
                ),
            ),
            EventType::PaymentLost => (
                (
                    format!("The payer's bank took a payment of {paid} back"),
                    "What it paid for has to be paid again.",
                ),
                (
                    format!("Банк плательщика отозвал платёж на {paid}"),
                    "Оплаченное нужно оплатить снова.",
                ),
            ),
            _ => return None,
        };
        let page = format!("/app/client/payments/{}", self.text("paymentId"));
        Some((en, ru, page))
    }
}

fn worker(kind: EventType, action: &str) -> Words {
    let (en, ru) = match kind {
        EventType::WorkerDisqualified => disqualified(action),
        EventType::WorkerAdded => (
            ("You may work in one more project", ""),
            ("Вам открыт ещё один проект", ""),
        ),
        EventType::WorkerQualified => (
            (
                "Your answers in a project are as good as it asks",
                "You may go on working in it.",
            ),
            (
                "Ваши ответы в проекте соответствуют его требованиям",
                "Вы можете работать в нём дальше.",
            ),
        ),
        _ => (
            (
                "You may not work in a project any more",
                "What you earned there stays yours.",
            ),
            (
                "Вы больше не можете работать в одном из проектов",
                "Заработанное в нём остаётся вашим.",
            ),
        ),
    };
    let owned = |(subject, more): (&str, &'static str)| (subject.to_owned(), more);
    (owned(en), owned(ru), "/app/work".to_owned())
}

/// What is said, and what follows.
type Pair = (&'static str, &'static str);

/// In each language, by what the project does about it.
fn disqualified(action: &str) -> (Pair, Pair) {
    let (en, ru) = match action {
        "BLOCK" => (
            "You may not work in it any more. What you earned there stays yours.",
            "Вы больше не можете в нём работать. Заработанное в нём остаётся вашим.",
        ),
        "REVIEW" => (
            "Your answers in it are reviewed.",
            "Ваши ответы в нём проверяются.",
        ),
        _ => (
            "Your list of projects says what that means.",
            "Что это значит, сказано в вашем списке проектов.",
        ),
    };
    (
        (
            "Your answers in a project were too often not what it expects",
            en,
        ),
        (
            "Ваши ответы в проекте слишком часто расходились с ожидаемыми",
            ru,
        ),
    )
}
