pub(super) struct X;
