//! A real browser without a window. Its pictures go to target/screenshots, for whoever wants to look at them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::process::Command;
use tokio::time::timeout;

use crate::support::PATIENCE;

/// Names under which Chromium is known.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// The screens that are tried.
const SCREENS: [Screen; 2] = [
    Screen {
        name: "wide-light",
        size: "1400,1100",
        is_dark: false,
    },
    Screen {
        name: "phone-dark",
        size: "500,1600",
        is_dark: true,
    },
];

/// How many times a browser was started; each has a profile of its own.
static RUNS: AtomicU32 = AtomicU32::new(0);

struct Screen {
    name: &'static str,
    size: &'static str,
    is_dark: bool,
}

/// A browser that is on this machine.
pub(crate) struct Browser {
    program: PathBuf,
    pictures: PathBuf,
}

impl Browser {
    /// The first one that is found.
    pub(crate) fn find() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let program = NAMES
            .iter()
            .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
            .find(|file| file.is_file())?;
        let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&pictures).expect("a folder for pictures");
        Some(Self { program, pictures })
    }

    /// Opens a page, with its script, on every screen: it shows the text, hears of changes, and nothing is complained about.
    pub(crate) async fn look(&self, url: &str, name: &str, text: &str) {
        for screen in &SCREENS {
            let picture = self.pictures.join(format!("{name}-{}.png", screen.name));
            let _ = std::fs::remove_file(&picture);
            let take = format!("--screenshot={}", picture.display());
            let shown = self.run(&["--dump-dom", &take, url], screen).await;
            assert!(shown.out.contains(text), "`{text}` is not shown: {}", shown.out);
            assert!(
                shown.out.contains("data-script=\"on\""),
                "the script does not run: {}",
                shown.err
            );
            let complaints: Vec<&str> = shown
                .err
                .lines()
                .filter(|line| line.contains("CONSOLE"))
                .collect();
            assert!(complaints.is_empty(), "{complaints:#?}");
            let bytes = std::fs::read(&picture).expect("a picture was taken");
            assert!(bytes.len() > 5_000, "the picture of {name} shows something");
        }
    }

    /// Opens a page, leaves it open until its updates end, and tells what it shows then.
    pub(crate) async fn watch(&self, url: &str) -> String {
        let arguments = ["--virtual-time-budget=60000", "--dump-dom", url];
        self.run(&arguments, &SCREENS[0]).await.out
    }

    async fn run(&self, arguments: &[&str], screen: &Screen) -> Printed {
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let profile =
            std::env::temp_dir().join(format!("convene-it-browser-{}-{number}", std::process::id()));
        let mut command = Command::new(&self.program);
        command
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
            ])
            .args([
                "--disable-dev-shm-usage",
                "--enable-logging=stderr",
                "--v=0",
                "--timeout=4000",
            ])
            .arg(format!("--window-size={}", screen.size))
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!(
                "--blink-settings=preferredColorScheme={}",
                u8::from(!screen.is_dark)
            ))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let ended = timeout(PATIENCE, command.output()).await;
        let ended = ended.expect("the browser ends").expect("the browser starts");
        let _ = std::fs::remove_dir_all(&profile);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Printed {
            out: text(&ended.stdout),
            err: text(&ended.stderr),
        }
    }
}

struct Printed {
    out: String,
    err: String,
}
