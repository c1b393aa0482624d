//! The thread that writes records and tables while people review.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::app::App;
use crate::projection::Projection;

/// The next try if another run holds the folder or writing failed.
const RETRY: Duration = Duration::from_secs(5);

/// Starts the thread. It ends after [`crate::app::WriteSignal::finish`].
pub(super) fn start(app: &Arc<App>) -> JoinHandle<()> {
    let app = Arc::clone(app);
    thread::spawn(move || {
        while app.write_signal.wait() {
            if !is_written(&app) {
                app.write_signal.note_again(RETRY);
            }
        }
    })
}

/// Writes records and tables, or says why not.
fn is_written(app: &App) -> bool {
    let store = app.store();
    // What another program did to the log is said where it is found; nothing is made from it then.
    if store.check_log().is_err() {
        return false;
    }
    let projection = Projection::of(&store);
    drop(store);
    match projection.write() {
        Ok(true) => return true,
        Ok(false) => wo_cli::info!("another run works on the folder"),
        Err(e) => {
            let message = wo_cli::message_of(&e);
            wo_cli::warn_line(&message.about("records and tables are not up to date"));
        }
    }
    false
}
