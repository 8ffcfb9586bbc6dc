//! What the day brings.

use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, Query, TodayItem, TodaySection};

use crate::backend::{Backend, unexpected};
use crate::output::{Out, note, printable};
use crate::records::{Done, OK};

pub(crate) async fn today(out: Out, backend: &mut Backend, limit: Option<u32>, seen: bool) -> Done {
    let view = match backend.query(Query::Today { limit: limit.unwrap_or(0) }).await? {
        Answer::Today(view) => *view,
        other => return Err(unexpected(&other)),
    };
    if seen {
        backend.execute(Command::MarkAllSeen).await?;
    }
    if out.is_json() {
        let value = serde_json::to_value(&view).map_err(|error| ErrorView::new(ErrorCode::Internal, error.to_string(), ""))?;
        return out.line(&value.to_string()).map(|()| std::process::ExitCode::SUCCESS);
    }
    let parts = [
        ("Today", &view.events),
        ("Overdue", &view.overdue),
        ("Due today", &view.due),
        ("Come back to", &view.follow_ups),
        ("Past their rhythm", &view.late),
        ("By their rhythm soon", &view.soon),
        ("Dates", &view.dates),
        ("Changed by colleagues", &view.news),
    ];
    if parts.iter().all(|(_, section)| section.total == 0) {
        note("Nothing for today.");
        return OK;
    }
    for (name, section) in parts.iter().filter(|(_, section)| section.total > 0) {
        print_section(out, name, section)?;
    }
    OK
}

fn print_section(out: Out, name: &str, section: &TodaySection) -> Result<(), ErrorView> {
    out.line(&out.strong(&format!("{name} ({})", section.total)))?;
    let cells = |item: &TodayItem| {
        let mut detail = item.detail.clone();
        if item.turns > 0 {
            detail = format!("{detail}, {} years", item.turns);
        }
        vec![format!("  {}", printable(&item.name)), printable(&detail), when(item), item.id.clone()]
    };
    out.table(&section.items.iter().map(cells).collect::<Vec<_>>())?;
    let more = usize::try_from(section.total).unwrap_or(usize::MAX).saturating_sub(section.items.len());
    if more > 0 {
        out.line(&format!("  and {more} more"))?;
    }
    Ok(())
}

/// The time of day where there is one, else how far away the day is.
fn when(item: &TodayItem) -> String {
    let days = item.days.unsigned_abs();
    let plural = if days == 1 { "day" } else { "days" };
    match item.days {
        0 if item.time.is_empty() => "today".to_owned(),
        0 => item.time.clone(),
        past if past < 0 => format!("{days} {plural} ago"),
        _ => format!("in {days} {plural}"),
    }
}
