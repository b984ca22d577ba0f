"""PRICE: the price book from genai-prices and agreements; usage events in, priced usage out."""
