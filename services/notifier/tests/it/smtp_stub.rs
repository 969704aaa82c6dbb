//! As much of an SMTP server as it takes to refuse mail, or to take its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy)]
pub enum Answer {
    Take,
    /// To RCPT.
    Refuse(&'static str),
    /// Takes the message, and says so only after [`SmtpStub::go_on`].
    HoldUntilTold,
}

pub struct SmtpStub {
    pub address: String,
    delivered: Arc<AtomicU32>,
    told: watch::Sender<bool>,
}

impl SmtpStub {
    pub async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let delivered = Arc::new(AtomicU32::new(0));
        let (told, wait) = watch::channel(!matches!(answer, Answer::HoldUntilTold));
        let count = delivered.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away ends its own conversation only.
                let conversation = converse(stream, answer, count.clone(), wait.clone());
                tokio::spawn(async move { _ = conversation.await });
            }
        });
        Self { address, delivered, told }
    }

    pub fn delivered(&self) -> u32 {
        self.delivered.load(Ordering::SeqCst)
    }

    pub async fn until_delivered(&self, wanted: u32) {
        let reached = async {
            while self.delivered() < wanted {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), reached).await.unwrap();
    }

    pub fn go_on(&mut self) {
        self.told.send_replace(true);
    }
}

async fn converse(
    stream: TcpStream,
    answer: Answer,
    delivered: Arc<AtomicU32>,
    mut told: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 stub\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let reply = match (verb.as_str(), answer) {
            ("RCPT", Answer::Refuse(reply)) => reply,
            ("DATA", _) => {
                writer.write_all(b"354 go on\r\n").await?;
                while lines.next_line().await?.is_some_and(|line| line != ".") {}
                delivered.fetch_add(1, Ordering::SeqCst);
                let _ = told.wait_for(|told| *told).await;
                "250 taken"
            }
            ("QUIT", _) => "221 bye",
            _ => "250 fine",
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
    Ok(())
}
