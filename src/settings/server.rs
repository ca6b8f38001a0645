//! Where the daemon answers questions about itself, and who may ask.

use std::net::{Ipv4Addr, SocketAddr};

use config::ValueKind;
use secrecy::SecretString;

use super::reader::Reader;
use super::{forms, secret};

/// Where it answers unless the settings say otherwise: this machine only.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// Where the daemon answers questions about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// On its usual port of this machine, where that is free.
    Usual,
    /// At this address: host and port.
    At(String),
    /// Nowhere.
    Off,
}

/// The page, the metrics and the health of the daemon.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where it answers.
    pub listen: Listen,
    /// What everybody must show who wants more than the health; nothing where everybody may look.
    pub token: Option<SecretString>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: Listen::Usual,
            token: None,
        }
    }
}

impl Server {
    /// Settings for a daemon that answers nowhere.
    pub fn off() -> Self {
        Self {
            listen: Listen::Off,
            token: None,
        }
    }

    /// Host and port where it answers; nothing where it does not.
    pub fn address(&self) -> Option<String> {
        match &self.listen {
            Listen::Usual => Some(DEFAULT_ADDRESS.to_string()),
            Listen::At(address) => Some(address.clone()),
            Listen::Off => None,
        }
    }
}

/// The table `[server]`.
pub(super) fn read_server(root: &mut Reader<'_>) -> Server {
    let usual = Server::default();
    let Some(mut table) = root.take_table("server") else {
        return usual;
    };
    let listen = table.take_value("listen", parse_listen);
    let token = secret::take_secret(&mut table, "token", secret::parse_header_secret);
    table.close_table();
    Server {
        listen: listen.unwrap_or(usual.listen),
        token,
    }
}

fn parse_listen(kind: &ValueKind) -> Result<Listen, String> {
    let wrong =
        || "must be a host and a port, such as \"127.0.0.1:9464\" or \"0.0.0.0:9464\", or \"off\"".to_owned();
    if *kind == ValueKind::Boolean(false) {
        return Ok(Listen::Off);
    }
    let text = forms::parse_text(kind).map_err(|_| wrong())?;
    if text == "off" {
        return Ok(Listen::Off);
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let is_host =
        !host.is_empty() && !host.contains(['/', ' ', '@']) && (is_bracketed || !host.contains(':'));
    if is_host && port.parse::<u16>().is_ok() {
        Ok(Listen::At(text.to_owned()))
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use config::ValueKind;

    use super::{Listen, parse_listen};

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for text in ["127.0.0.1:9464", "0.0.0.0:80", "[::1]:9464", "localhost:0"] {
            let listen = parse_listen(&ValueKind::String(text.to_owned()));
            assert_eq!(listen, Ok(Listen::At(text.to_owned())));
        }
        assert_eq!(
            parse_listen(&ValueKind::String("off".to_owned())),
            Ok(Listen::Off)
        );
        assert_eq!(parse_listen(&ValueKind::Boolean(false)), Ok(Listen::Off));
        for text in [
            "",
            "9464",
            ":9464",
            "localhost",
            "localhost:x",
            "::1:9464",
            "http://a:80",
            "a:99999",
        ] {
            assert!(
                parse_listen(&ValueKind::String(text.to_owned())).is_err(),
                "{text}"
            );
        }
    }
}
