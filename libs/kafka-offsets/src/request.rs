//! One admin request: options, a queue of its own for the answer, the answer's event.

use std::ffi::{CStr, CString, c_char};
use std::time::{Duration, Instant};

use rdkafka::bindings as rd;
use rdkafka::client::{Client, ClientContext};
use rdkafka::types::RDKafkaRespErr;

use crate::OffsetsError;

/// How much longer than the request's own timeout a call waits for librdkafka to say "timed out".
pub const GRACE: Duration = Duration::from_secs(1);

/// A queue that only this request answers to.
pub(crate) struct Queue(*mut rd::rd_kafka_queue_t);

impl Queue {
    pub(crate) fn new<C: ClientContext>(client: &Client<C>) -> Self {
        // SAFETY: the client's handle is live while `client` is borrowed; the call has no other demands.
        Self(unsafe { rd::rd_kafka_queue_new(client.native_ptr()) })
    }

    pub(crate) fn ptr(&self) -> *mut rd::rd_kafka_queue_t {
        self.0
    }

    /// The answer; `Timeout` after `deadline`.
    pub(crate) fn next(&self, deadline: Instant) -> Result<Event, OffsetsError> {
        let left = deadline.saturating_duration_since(Instant::now()).as_millis();
        // SAFETY: the queue is live until drop.
        let event = unsafe { rd::rd_kafka_queue_poll(self.0, i32::try_from(left).unwrap_or(i32::MAX)) };
        if event.is_null() { Err(OffsetsError::Timeout) } else { Event(event).checked() }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: made by rd_kafka_queue_new and destroyed once. A late answer goes to a dead queue: librdkafka counts
        // references and drops it.
        unsafe { rd::rd_kafka_queue_destroy(self.0) }
    }
}

/// Options of one request.
pub(crate) struct Options(*mut rd::rd_kafka_AdminOptions_t);

impl Options {
    pub(crate) fn new<C: ClientContext>(
        client: &Client<C>,
        operation: rd::rd_kafka_admin_op_t,
        timeout: Duration,
    ) -> Result<Self, OffsetsError> {
        // SAFETY: as in Queue::new.
        let options = Self(unsafe { rd::rd_kafka_AdminOptions_new(client.native_ptr(), operation) });
        let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX).max(1);
        let mut message = [0 as c_char; 256];
        // SAFETY: the options are live; the buffer is as long as said and NUL-terminated by librdkafka.
        let code = unsafe {
            rd::rd_kafka_AdminOptions_set_request_timeout(options.0, millis, message.as_mut_ptr(), message.len())
        };
        if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Ok(options);
        }
        // SAFETY: librdkafka wrote a NUL-terminated text into the buffer.
        Err(OffsetsError::Kafka { code: code.into(), message: unsafe { text(message.as_ptr()) } })
    }

    pub(crate) fn ptr(&self) -> *mut rd::rd_kafka_AdminOptions_t {
        self.0
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: made by rd_kafka_AdminOptions_new and destroyed once; requests copy what they need.
        unsafe { rd::rd_kafka_AdminOptions_destroy(self.0) }
    }
}

/// An answer. What it points to lives as long as it does.
pub(crate) struct Event(*mut rd::rd_kafka_event_t);

impl Event {
    pub(crate) fn ptr(&self) -> *mut rd::rd_kafka_event_t {
        self.0
    }

    fn checked(self) -> Result<Self, OffsetsError> {
        // SAFETY: the event is live until drop; its error text is owned by it and NUL-terminated.
        let (code, message) =
            unsafe { (rd::rd_kafka_event_error(self.0), text(rd::rd_kafka_event_error_string(self.0))) };
        match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(self),
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__TIMED_OUT => Err(OffsetsError::Timeout),
            code => Err(OffsetsError::Kafka { code: code.into(), message }),
        }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: taken from the queue and destroyed once.
        unsafe { rd::rd_kafka_event_destroy(self.0) }
    }
}

/// The error object of an item, taken over; null means none.
///
/// # Safety
/// `error` is null or a live error object.
pub(crate) unsafe fn item_error(error: *const rd::rd_kafka_error_t) -> Result<(), OffsetsError> {
    // SAFETY: as the caller promises; librdkafka accepts null here and answers NO_ERROR.
    let code = unsafe { rd::rd_kafka_error_code(error) };
    if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(());
    }
    // SAFETY: not null here, so the object is live and its text NUL-terminated.
    let message = unsafe { text(rd::rd_kafka_error_string(error)) };
    Err(OffsetsError::Kafka { code: code.into(), message })
}

/// A copy of a C text; null is the empty text.
///
/// # Safety
/// `pointer` is null or points to a NUL-terminated text.
pub(crate) unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

pub(crate) fn c_name(name: &str) -> Result<CString, OffsetsError> {
    CString::new(name).map_err(|_| OffsetsError::Name(name.to_owned()))
}

/// The C array `(pointer, length)` as a slice; null or 0 is empty.
///
/// # Safety
/// `pointer` is null or points to `length` values that live as long as `'a`.
pub(crate) unsafe fn slice<'a, T>(pointer: *const T, length: usize) -> &'a [T] {
    if pointer.is_null() || length == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(pointer, length) }
}
