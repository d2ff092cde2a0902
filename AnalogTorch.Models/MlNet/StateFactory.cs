extern alias contract;

using Microsoft.ML;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace AnalogTorch.Models.MlNet;

/// <summary>What ML.NET makes a saved transformer with. A class for each kind derives from it, with its contract as an attribute.</summary>
public abstract class StateFactory : CustomMappingFactory<Nothing, Nothing>, contract::Microsoft.ML.Transforms.ICustomMappingFactory
{
    /// <inheritdoc/>
    public override Action<Nothing, Nothing> GetMapping() => Nothing.Leave;

    ITransformer contract::Microsoft.ML.Transforms.ICustomMappingFactory.CreateTransformer(IHostEnvironment env, string contractName) =>
        new LoadedTransformer(contractName, state => Restore(env, state));

    /// <summary>Makes the transformer of its state.</summary>
    private protected abstract BatchTransformer Restore(IHostEnvironment environment, string state);
}
