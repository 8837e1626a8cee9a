//! What the bot answers.

use datacrowd_notifications::Language;
use url::Url;

pub(super) fn code(language: Language, code: &str, settings: &Url) -> String {
    match language {
        Language::En => format!(
            "{code}\n\nEnter this code in your account, under Notifications: {settings}\nIt is good for five minutes, once. Give it to nobody."
        ),
        Language::Ru => format!(
            "{code}\n\nВведите этот код в своей учётной записи, в разделе «Уведомления»: {settings}\nОн действует пять минут, один раз. Никому его не сообщайте."
        ),
    }
}

pub(super) fn left(language: Language, was_linked: bool) -> String {
    let text = match (language, was_linked) {
        (Language::En, true) => "Nothing is sent here any more. /connect links an account again.",
        (Language::En, false) => "No account is linked with this chat. /connect links one.",
        (Language::Ru, true) => {
            "Сюда больше ничего не приходит. /connect снова свяжет учётную запись."
        }
        (Language::Ru, false) => "С этим чатом не связана учётная запись. /connect свяжет её.",
    };
    text.to_owned()
}

pub(super) fn help(language: Language) -> String {
    let text = match language {
        Language::En => {
            "I tell you here what concerns you at DataCrowd.\n/connect gives you a code that links your account with this chat\n/disconnect ends that"
        }
        Language::Ru => {
            "Здесь я сообщаю о том, что касается вас в DataCrowd.\n/connect даёт код, который связывает вашу учётную запись с этим чатом\n/disconnect прекращает это"
        }
    };
    text.to_owned()
}
