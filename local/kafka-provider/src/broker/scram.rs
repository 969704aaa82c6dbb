//! SCRAM-SHA-512 credentials (KIP-554). The broker never sees the password, only what RFC 5802
//! derives from it.

use std::num::NonZeroU32;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::describe_user_scram_credentials_request::UserName;
use kafka_protocol::messages::{AlterUserScramCredentialsRequest, DescribeUserScramCredentialsRequest};
use kafka_protocol::protocol::StrBytes;
use ring::pbkdf2::{PBKDF2_HMAC_SHA512, derive};

use super::{BrokerError, Connection};

/// KIP-554: 1 is SHA-256, 2 is SHA-512.
const SHA_512: i8 = 2;

/// Kafka's default, and its least.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("not zero");

/// Makes `user` known with this password, or changes it.
pub async fn upsert_scram(connection: &mut Connection, user: &str, password: &str) -> Result<(), BrokerError> {
    let salt: [u8; 32] = rand::random();
    let upsertion = ScramCredentialUpsertion::default()
        .with_name(StrBytes::from_string(user.to_owned()))
        .with_mechanism(SHA_512)
        .with_iterations(4096)
        .with_salt(Bytes::copy_from_slice(&salt))
        .with_salted_password(Bytes::copy_from_slice(&salted(password, &salt)));
    alter(connection, AlterUserScramCredentialsRequest::default().with_upsertions(vec![upsertion])).await
}

/// Removes the credential. It is no fault when there is none.
pub async fn delete_scram(connection: &mut Connection, user: &str) -> Result<(), BrokerError> {
    let deletion =
        ScramCredentialDeletion::default().with_name(StrBytes::from_string(user.to_owned())).with_mechanism(SHA_512);
    match alter(connection, AlterUserScramCredentialsRequest::default().with_deletions(vec![deletion])).await {
        Err(error) if error.is(ResponseError::ResourceNotFound) => Ok(()),
        result => result,
    }
}

/// Every user that has a credential.
pub async fn scram_users(connection: &mut Connection) -> Result<Vec<String>, BrokerError> {
    let response = connection.send(&DescribeUserScramCredentialsRequest::default().with_users(None), 0).await?;
    BrokerError::check(response.error_code, response.error_message.as_deref())?;
    Ok(response.results.iter().map(|result| result.user.to_string()).collect())
}

pub async fn scram_exists(connection: &mut Connection, user: &str) -> Result<bool, BrokerError> {
    let user = UserName::default().with_name(StrBytes::from_string(user.to_owned()));
    let request = DescribeUserScramCredentialsRequest::default().with_users(Some(vec![user]));
    let response = connection.send(&request, 0).await?;
    BrokerError::check(response.error_code, response.error_message.as_deref())?;
    Ok(response.results.iter().any(|result| result.credential_infos.iter().any(|info| info.mechanism == SHA_512)))
}

async fn alter(connection: &mut Connection, request: AlterUserScramCredentialsRequest) -> Result<(), BrokerError> {
    let response = connection.send(&request, 0).await?;
    for result in &response.results {
        BrokerError::check(result.error_code, result.error_message.as_deref())?;
    }
    Ok(())
}

/// `Hi(password, salt, i)` of RFC 5802 section 2.2.
fn salted(password: &str, salt: &[u8]) -> [u8; 64] {
    let mut out = [0; 64];
    derive(PBKDF2_HMAC_SHA512, ITERATIONS, salt, password.as_bytes(), &mut out);
    out
}
