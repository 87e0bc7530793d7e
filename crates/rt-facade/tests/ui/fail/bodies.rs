//! Errors of a body are shown where they are.
#![allow(unused)]

#[rt::main]
async fn main() -> Result<(), std::num::ParseIntError> {
    let n: u32 = "text"; //~ mismatched types
    missing(); //~ cannot find function `missing`
    "1".parse::<u32>()?;
    Ok(1) //~ mismatched types
}

#[rt::main]
async fn forgot() -> Result<(), std::num::ParseIntError> { //~ mismatched types
    "1".parse::<u32>()?;
}

#[rt::main]
async fn returns_too_much() {
    return 1; //~ mismatched types
}
