namespace AnalogTorch.Examples;

/// <summary>Arguments that do not go together, which shows only once an example looks at them.</summary>
internal sealed class UsageException(string message) : ArgumentException(message);
