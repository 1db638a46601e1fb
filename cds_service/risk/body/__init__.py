"""Weight, height and BMI corrected for missing limbs; menopausal state; the published scores built on them."""
