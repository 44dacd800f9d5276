//! What is under way with a client keeps it from departing.

use crate::{
    change::Tx,
    clients::{ClientId, under_way::UnderWay},
    contracts,
    error::{Error, ProblemType, Result},
    orders,
};

/// Refuses a departure while orders or contracts are under way with the client. The caller has locked the client, so that
/// none gets under way meanwhile.
///
/// # Errors
/// 409 naming those that the caller may see.
pub async fn refuse_unfinished(tx: &mut Tx<'_>, client: ClientId) -> Result<()> {
    let orders = orders::under_way(tx, client).await?;
    let contracts = contracts::under_way(tx, client).await?;
    if orders.total + contracts.total == 0 {
        return Ok(());
    }
    let (en, ru) = said(&orders, &contracts);
    let refusal = Error::new(ProblemType::Conflict).detail(en, ru);
    let refusal = refusal.with("orders", &orders.named).with("order_count", orders.seen);
    Err(refusal.with("contracts", &contracts.named).with("contract_count", contracts.seen))
}

/// What the refusal says, in English and in Russian.
fn said(orders: &UnderWay, contracts: &UnderWay) -> (String, String) {
    let mut en =
        vec!["Orders or contracts are under way with this client. Finish, cancel or end them first.".to_owned()];
    let mut ru = vec![
        "С этим клиентом ещё идут заказы или договоры. Сначала завершите, отмените или расторгните их.".to_owned(),
    ];
    for (what, what_ru, all) in [("Orders", "Заказы", orders), ("Contracts", "Договоры", contracts)] {
        let numbers: Vec<&str> = all.named.iter().map(|named| named.number.as_str()).collect();
        if !numbers.is_empty() {
            let (numbers, seen) = (numbers.join(", "), all.seen);
            en.push(format!("{what} ({seen} in all): {numbers}."));
            ru.push(format!("{what_ru} (всего {seen}): `{numbers}`."));
        }
    }
    if orders.seen < orders.total || contracts.seen < contracts.total {
        en.push("There are others that you may not see: ask a supervisor.".to_owned());
        ru.push("Есть и такие, которые вам недоступны: обратитесь к руководителю.".to_owned());
    }
    (en.join(" "), ru.join(" "))
}
