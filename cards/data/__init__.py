"""What the cards are set to offer, as data: topics, order codes, override reasons, referral targets."""
