"""What a developer runs: bootstrap of Odoo, WhatsApp simulator, data generator, benchmarks."""
