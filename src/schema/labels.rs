//! What people see above the fixed fields, and for the words that can be chosen. The English labels are the names themselves.

/// The Russian labels of fields, by their names.
#[rustfmt::skip]
const FIELDS: [(&str, &str); 145] = [
    ("at", "Когда"), ("by", "Кто"), ("amendment", "Номер соглашения"), ("amends_id", "Изменяет договор"), ("amount_includes_tax", "Сумма с налогом"),
    ("cancellation", "Запрос отмены"), ("effective_on", "Изменения действуют с"), ("question", "Вопрос отдела"),
    ("returned_quantity", "Возвращено"), ("is_divisible", "Делится"), ("prices_include_tax", "Цены с налогом"),
    ("rounded_per", "Что округляется"), ("rounding", "Округление"), ("submitted_on", "Дата отправки"), ("tax_reason", "Причина другого налога"),
    ("account", "Счёт"), ("address", "Адрес"), ("allow_duplicate", "Создать, несмотря на похожие"), ("amount", "Сумма"),
    ("approved_at", "Когда согласовано"), ("approved_by", "Кто согласовал"), ("archived_from", "Статус до архива"),
    ("author_id", "Автор"), ("auto_renew", "Автоматическое продление"), ("bank", "Банк"), ("bank_accounts", "Банковские счета"),
    ("base_price", "Цена"), ("bic", "БИК"), ("category", "Категория"), ("channel", "Канал"), ("city", "Город"),
    ("client_id", "Клиент"), ("comment", "Комментарий"), ("confidential_custom_fields", "Собственные закрытые поля"),
    ("confidential_note", "Закрытая заметка"), ("consents", "Согласия"), ("contact_id", "Контактное лицо"), ("contract_id", "Договор"),
    ("correspondent_account", "Корреспондентский счёт"), ("country", "Страна"), ("created_at", "Создано"),
    ("credit_limit", "Кредитный лимит"), ("currency", "Валюта"), ("custom_fields", "Собственные поля"),
    ("decision_role", "Роль в решениях"), ("department_id", "Отдел"), ("direction", "Направление"), ("discount_percent", "Скидка, %"),
    ("due_at", "Срок"), ("duration_seconds", "Длительность, с"), ("editor_ids", "Кто редактировал"), ("email", "Электронная почта"),
    ("employees", "Число сотрудников"), ("ends_on", "Действует по"), ("exceeded", "Превышенные лимиты"),
    ("external_id", "Внешний номер"), ("external_ids", "Номера в других системах"), ("external_source", "Внешняя система"),
    ("follows_id", "Продолжение взаимодействия"), ("foreign_ids", "Иностранные номера"), ("fulfilled_at", "Исполнено"),
    ("fulfilled_quantity", "Исполненное количество"), ("given_at", "Дано"), ("handed_over_at", "Передано"), ("handle", "Имя в мессенджере"),
    ("id", "Идентификатор"), ("industry", "Отрасль"), ("initial_ends_on", "Первоначальный срок"), ("is_active", "Используется"),
    ("is_key", "Ключевой клиент"), ("is_primary", "Основной контакт"), ("job_title", "Должность"), ("kind", "Вид"), ("kpp", "КПП"),
    ("label", "Метка"), ("language", "Язык"), ("last_interaction_at", "Последнее взаимодействие"), ("last_verified_at", "Данные проверены"),
    ("legal_name", "Юридическое наименование"), ("lines", "Позиции"), ("lost_at", "Когда потерян"), ("lost_reason_id", "Причина потери"),
    ("margin_percent", "Маржа, %"), ("messengers", "Мессенджеры"), ("min_price", "Наименьшая цена"), ("name", "Название"),
    ("net_amount", "Сумма без налога"), ("net_total", "Итого без налога"), ("next", "Следующий шаг"),
    ("next_interaction_at", "Следующее взаимодействие"), ("notice_days", "Дней на уведомление"), ("number", "Номер"),
    ("occurred_at", "Когда состоялось"), ("order_id", "Заказ"), ("ordered_on", "Дата заказа"), ("other_emails", "Другие адреса почты"),
    ("other_phones", "Другие телефоны"), ("outcome", "Итог"), ("owner_id", "Ответственный"), ("parent_id", "Входит в"),
    ("payment_terms", "Условия оплаты"), ("phone", "Телефон"), ("position", "Порядок"), ("postal_code", "Индекс"), ("priority", "Срочность"),
    ("product_id", "Товар или услуга"), ("purpose", "Цель"), ("quantity", "Количество"), ("reason", "Причина"), ("region", "Регион"),
    ("registration_number", "ОГРН"), ("requested_delivery_on", "Желаемая дата поставки"), ("retired_at", "Ушёл от клиента"),
    ("return_reason", "Причина возврата"), ("scheduled_at", "Запланировано на"), ("side", "Сторона"), ("signatories", "Подписанты"),
    ("signed_on", "Дата подписания"), ("sku", "Артикул"), ("source", "Источник"), ("starts_on", "Действует с"), ("status", "Статус"),
    ("street", "Улица и дом"), ("strengths", "Преимущества"), ("subject", "Тема"), ("submitted_at", "Отправлено"),
    ("summary", "Содержание"), ("supplier", "Поставщик"), ("tags", "Метки"), ("tax_amount", "Налог"), ("tax_id", "ИНН"),
    ("tax_rate", "Ставка налога, %"), ("tax_total", "Всего налога"), ("team_id", "Команда"), ("timezone", "Часовой пояс"),
    ("title", "Название"), ("total", "Всего"), ("unit", "Единица"), ("unit_price", "Цена за единицу"), ("updated_at", "Изменено"),
    ("user_id", "Сотрудник"), ("version", "Версия"), ("weaknesses", "Недостатки"), ("website", "Сайт"), ("withdrawn_at", "Отозвано"),
];

/// The Russian labels of the words of enumerations, by the name of the enumeration.
#[rustfmt::skip]
const WORDS: [(&str, &[(&str, &str)]); 19] = [
    ("Rounding", &[("half_up", "Половина вверх"), ("half_even", "Половина к чётному"), ("none", "Без округления")]),
    ("RoundedPer", &[("line", "Каждая строка"), ("document", "Документ в целом")]),
    ("ForeignIdKind", &[("tax", "Налоговый"), ("vat", "НДС"), ("register", "Реестр компаний")]),
    ("ClientKind", &[("organization", "Организация"), ("person", "Физическое лицо")]),
    ("MessengerKind", &[("telegram", "Telegram"), ("whatsapp", "WhatsApp"), ("viber", "Viber"), ("vk", "ВКонтакте"), ("signal", "Signal"),
        ("other", "Другой")]),
    ("ClientStatus", &[("lead", "Лид"), ("prospect", "Потенциальный"), ("active", "Активный"), ("dormant", "Спящий"), ("lost", "Потерян"),
        ("archived", "В архиве")]),
    ("ConsentChannel", &[("phone", "Телефон"), ("email", "Электронная почта"), ("sms", "СМС"), ("messenger", "Мессенджер"),
        ("letter", "Письмо"), ("any", "Любой")]),
    ("DecisionRole", &[("decision_maker", "Принимает решение"), ("influencer", "Влияет на решение"), ("user", "Пользуется"),
        ("gatekeeper", "Решает, кого допустить")]),
    ("InteractionChannel", &[("phone", "Телефон"), ("email", "Электронная почта"), ("messenger", "Мессенджер"), ("meeting", "Встреча"),
        ("video_call", "Видеозвонок"), ("visit", "Визит"), ("letter", "Письмо"), ("other", "Другое")]),
    ("InteractionDirection", &[("inbound", "Входящее"), ("outbound", "Исходящее")]),
    ("InteractionPurpose", &[("presentation", "Презентация"), ("consultation", "Консультация"), ("negotiation", "Переговоры"),
        ("complaint", "Жалоба"), ("feedback", "Отзыв"), ("survey", "Опрос"), ("support", "Поддержка"), ("follow_up", "Продолжение"),
        ("other", "Другое")]),
    ("InteractionOutcome", &[("positive", "Положительный"), ("neutral", "Нейтральный"), ("negative", "Отрицательный")]),
    ("InteractionStatus", &[("planned", "Запланировано"), ("done", "Состоялось"), ("cancelled", "Отменено"), ("missed", "Не состоялось")]),
    ("ProductKind", &[("good", "Товар"), ("service", "Услуга")]),
    ("SignatorySide", &[("ours", "Наша"), ("client", "Клиента")]),
    ("ContractStatus", &[("draft", "Черновик"), ("in_review", "На согласовании"), ("approved", "Согласован"), ("signed", "Подписан"),
        ("active", "Действует"), ("completed", "Исполнен"), ("expired", "Истёк"), ("terminated", "Расторгнут")]),
    ("OrderPriority", &[("normal", "Обычная"), ("high", "Высокая"), ("urgent", "Срочно")]),
    ("OrderLimit", &[("max_order_amount", "Сумма заказа"), ("max_discount_percent", "Скидка"), ("min_price", "Наименьшая цена"),
        ("self_approval_up_to", "Собственное согласование"), ("max_increase_percent", "Наценка"), ("order_period", "Заказы за период"),
        ("tax_rate", "Ставка налога"), ("off_sale", "Снят с продажи"), ("credit_limit", "Кредитный лимит"), ("exchange_rate", "Нет курса валюты")]),
    ("OrderStatus", &[("draft", "Черновик"), ("submitted", "На согласовании"), ("approved", "Согласован"), ("rejected", "Отклонён"),
        ("handed_over", "Передан"), ("accepted", "Принят"), ("in_progress", "В работе"), ("fulfilled", "Исполнен"), ("closed", "Закрыт"),
        ("cancelled", "Отменён")]),
];

/// The labels of the field `name`, in English and in Russian.
pub fn of_field(name: &str) -> (String, &'static str) {
    let known = FIELDS.iter().find(|(known, _)| *known == name);
    (spelled(name), known.map_or("", |(_, label)| label))
}

/// The labels of a word of the enumeration `of`, in English and in Russian.
pub fn of_word(of: &str, word: &str) -> (String, &'static str) {
    let words = WORDS.iter().find(|(known, _)| *known == of).map(|(_, words)| *words).unwrap_or_default();
    (spelled(word), words.iter().find(|(known, _)| *known == word).map_or("", |(_, label)| label))
}

/// A name as people write it: `legal_name` is “Legal name”.
fn spelled(name: &str) -> String {
    match name {
        "id" => return "ID".to_owned(),
        "sku" | "kpp" | "bic" => return name.to_uppercase(),
        _ => {}
    }
    let words = name.trim_end_matches("_id").replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
