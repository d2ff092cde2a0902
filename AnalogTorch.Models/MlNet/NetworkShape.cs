namespace AnalogTorch.Models.MlNet;

/// <summary>What a network must fit.</summary>
/// <param name="Features">Number of inputs.</param>
/// <param name="Outputs">Number of outputs: the classes, or 1.</param>
/// <param name="Seed">Seed of the start values.</param>
public readonly record struct NetworkShape(int Features, int Outputs, long Seed);
