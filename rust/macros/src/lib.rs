//! An attribute for what Python calls: a panic in it becomes a usual exception.
//!
//! PyO3 makes a `PanicException` of a panic, which is no `Exception`: no handler of a user's catches
//! it. Where there is no memory that would be wrong, and after a mistake of ours it would be unkind.

use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// Put before `#[pyfunction]` or `#[pymethods]`: runs the body of each function that gives a
/// `PyResult` in `crate::hot::guard::attempt`. The others must not panic.
#[proc_macro_attribute]
pub fn guarded(_: TokenStream, item: TokenStream) -> TokenStream {
    /// Whose body comes next.
    #[derive(Clone, Copy, PartialEq)]
    enum Next {
        Nobody,
        Impl,
        Function { is_fallible: bool },
    }
    let mut next = Next::Nobody;
    let guard = |tree: TokenTree| match tree {
        TokenTree::Ident(word) => {
            next = match (word.to_string().as_str(), next) {
                ("impl", Next::Nobody) => Next::Impl,
                ("fn", _) => Next::Function { is_fallible: false },
                ("PyResult", Next::Function { .. }) => Next::Function { is_fallible: true },
                (_, other) => other,
            };
            TokenTree::Ident(word)
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            let body = match next {
                Next::Function { is_fallible: true } => attempted(group),
                Next::Function { is_fallible: false } | Next::Nobody => group,
                Next::Impl => braced(guarded(TokenStream::new(), group.stream())),
            };
            next = Next::Nobody;
            TokenTree::Group(body)
        }
        other @ (TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_)) => other,
    };
    item.into_iter().map(guard).collect()
}

fn braced(stream: TokenStream) -> Group {
    Group::new(Delimiter::Brace, stream)
}

/// `{ crate::hot::guard::attempt(move || body) }`
fn attempted(body: Group) -> Group {
    let word = |word: &str| TokenTree::Ident(Ident::new(word, Span::call_site()));
    let mark = |mark, spacing| TokenTree::Punct(Punct::new(mark, spacing));
    let mut call = vec![word("crate")];
    for step in ["hot", "guard", "attempt"] {
        call.extend([
            mark(':', Spacing::Joint),
            mark(':', Spacing::Alone),
            word(step),
        ]);
    }
    let closure = [
        word("move"),
        mark('|', Spacing::Joint),
        mark('|', Spacing::Alone),
        TokenTree::Group(body),
    ];
    let arguments = Group::new(Delimiter::Parenthesis, closure.into_iter().collect());
    call.push(TokenTree::Group(arguments));
    braced(call.into_iter().collect())
}
