// Compiled into a reference of its own, which nobody runs: it says to the compiler that this interface of Microsoft.ML.Transforms exists.
// It is internal there, and the only way for a transformer from outside ML.NET to be loaded by mlContext.Model.Load.
namespace Microsoft.ML.Transforms
{
    public interface ICustomMappingFactory
    {
        ITransformer CreateTransformer(Runtime.IHostEnvironment env, string contractName);
    }
}
