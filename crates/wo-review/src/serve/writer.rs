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
            let projection = Projection::of(&app.store());
            match projection.write() {
                Ok(true) => continue,
                Ok(false) => wo_cli::info!("another run works on the folder"),
                Err(e) => {
                    let message = wo_cli::message_of(&e);
                    wo_cli::warn_line(&message.about("records and tables are not up to date"));
                }
            }
            thread::sleep(RETRY);
            app.write_signal.note();
        }
    })
}
