using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Inference;

/// <summary>Programming without rules, for languages such as F# that cannot leave out a <c>params</c> collection; in C# it is that of <see cref="Deployment"/>.</summary>
public static class DeploymentWithoutRules
{
    /// <inheritdoc cref="Deployment.Program"/>
    public static ProgrammedModel<TModel> Program<TModel>(this TModel model, InferenceConfig hardware, long seed = 0) where TModel : nn.Module =>
        Deployment.Program(model, hardware, seed, []);
}
